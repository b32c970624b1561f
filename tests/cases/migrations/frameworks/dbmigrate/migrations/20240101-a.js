'use strict';
var dbm; var type; var seed;
exports.setup = function(options, seedLink) { dbm = options.dbmigrate; };
exports.up = function(db) { return db.removeColumn('a','b'); };
exports.down = function(db) { return null; };
