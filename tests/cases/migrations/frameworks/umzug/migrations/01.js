exports.up = async ({ context: sequelize }) => { await sequelize.getQueryInterface().removeColumn('a','b') };
