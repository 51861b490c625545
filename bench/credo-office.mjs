// The peer Credo as an issuer over HTTP, in memory; asked by lines of JSON on its standard input.
import { createInterface } from 'node:readline';

const { PEERS, PORT, BATCH } = process.env;
const { credoOffice } = await import(`${PEERS}credo-office.mjs`);
const office = await credoOffice({
  resolverUrl: 'http://localhost:9',
  port: Number(PORT),
  batchSize: Number(BATCH),
});
const say = (word) => console.log(JSON.stringify(word));
say({ url: office.issuerUrl });
for await (const line of createInterface({ input: process.stdin })) {
  const { offers } = JSON.parse(line);
  if (offers === undefined) {
    const { user, system } = process.cpuUsage();
    say((user + system) / 1e6);
    continue;
  }
  const made = [];
  for (let n = 0; n < offers; n += 1) made.push(await office.offer());
  say(made);
}
