module.exports = { async up(queryInterface, Sequelize) {} };
