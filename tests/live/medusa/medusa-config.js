const { defineConfig } = require('@medusajs/framework/utils');

const nobody = 'http://127.0.0.1';
module.exports = defineConfig({
  admin: { disable: true },
  projectConfig: {
    databaseUrl: process.env.MEDUSA_DATABASE,
    databaseDriverOptions: { connection: { ssl: false } },
    http: { storeCors: nobody, adminCors: nobody, authCors: nobody, jwtSecret: 'of-the-tests', cookieSecret: 'of-the-tests' },
  },
});
