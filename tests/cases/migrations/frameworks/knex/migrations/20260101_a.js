exports.up = function (knex) { return knex.schema.createTable("a", () => {}); };
