// A Vendure shop with one country, one way of payment and one of shipping, on VENDURE_PORT and the database VENDURE_DATABASE.
require('reflect-metadata');
const {
  bootstrap, Country, DefaultLogger, dummyPaymentHandler, LanguageCode, LogLevel, TransactionalConnection,
} = require('@vendure/core');
const { populateInitialData } = require('@vendure/core/cli');
const { StockbusPlugin } = require('./stockbus-plugin.js');

const database = new URL(process.env.VENDURE_DATABASE);
const config = {
  logger: new DefaultLogger({ level: LogLevel.Warn }),
  apiOptions: { hostname: '127.0.0.1', port: Number(process.env.VENDURE_PORT), adminApiPath: 'admin-api', shopApiPath: 'shop-api' },
  authOptions: {
    tokenMethod: ['bearer'],
    requireVerification: false,
    superadminCredentials: { identifier: 'superadmin', password: 'superadmin' },
    cookieOptions: { secret: 'of-the-tests' },
  },
  dbConnectionOptions: {
    type: 'postgres',
    synchronize: true,
    host: database.hostname,
    port: Number(database.port),
    username: decodeURIComponent(database.username),
    password: decodeURIComponent(database.password),
    database: database.pathname.slice(1),
  },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  plugins: [StockbusPlugin],
};

const initialData = {
  defaultLanguage: LanguageCode.en,
  defaultZone: 'Europe',
  countries: [{ name: 'Austria', code: 'AT', zone: 'Europe' }],
  taxRates: [{ name: 'Standard', percentage: 20 }],
  shippingMethods: [{ name: 'Post', price: 500 }],
  paymentMethods: [{
    name: 'Dummy',
    handler: { code: dummyPaymentHandler.code, arguments: [{ name: 'automaticSettle', value: 'true' }] },
  }],
  collections: [],
};

bootstrap(config).then(async app => {
  const countries = app.get(TransactionalConnection).rawConnection.getRepository(Country);
  if (await countries.count() === 0) await populateInitialData(app, initialData);
  console.log('vendure is ready');
  process.on('SIGTERM', () => app.close().then(() => process.exit(0)));
}).catch(error => {
  console.error(error);
  process.exit(1);
});
