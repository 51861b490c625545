// Finds the model of a meter by its address. A new model is one file here and one line below.

import type { MeterAddress } from './wmbus-address.ts';
import { apator08 } from './wmbus-apator-08.ts';
import { apator162 } from './wmbus-apator-162.ts';
import { apator172 } from './wmbus-apator-172.ts';
import { apatorMbusNa1 } from './wmbus-apator-mbus-na1.ts';
import { apatorNa1 } from './wmbus-apator-na1.ts';
import { apatorUltrimis } from './wmbus-apator-ultrimis.ts';
import { aventiesWater } from './wmbus-aventies.ts';
import { axiomaQalcosonic } from './wmbus-axioma-qalcosonic.ts';
import { bmetersHydrodigit } from './wmbus-bmeters-hydrodigit.ts';
import { bmetersIwmTx5 } from './wmbus-bmeters-iwm-tx5.ts';
import { bmetersRfmTx1 } from './wmbus-bmeters-rfm-tx1.ts';
import { diehlPrios } from './wmbus-diehl-prios.ts';
import { ecomessWater } from './wmbus-ecomess.ts';
import { engelmannFaw } from './wmbus-engelmann-faw.ts';
import { engelmannWaterstar } from './wmbus-engelmann-waterstar.ts';
import { gwfWater } from './wmbus-gwf.ts';
import { integraAquastream } from './wmbus-integra-aquastream.ts';
import { itronWater } from './wmbus-itron.ts';
import { kamstrupWater } from './wmbus-kamstrup.ts';
import type { WmbusModel } from './wmbus-model.ts';
import { qundisQWater } from './wmbus-qundis.ts';
import { sontexSupercom } from './wmbus-sontex-supercom.ts';
import { techemMkRadio } from './wmbus-techem.ts';
import { techemMkRadio3a } from './wmbus-techem-3a.ts';
import { zenner0b } from './wmbus-zenner-0b.ts';
import { zennerMinomess } from './wmbus-zenner-minomess.ts';

export const wmbusModels: readonly WmbusModel[] = [
  apator08,
  apator162,
  apator172,
  apatorMbusNa1,
  apatorNa1,
  apatorUltrimis,
  aventiesWater,
  axiomaQalcosonic,
  bmetersHydrodigit,
  bmetersIwmTx5,
  bmetersRfmTx1,
  diehlPrios,
  ecomessWater,
  engelmannFaw,
  engelmannWaterstar,
  gwfWater,
  integraAquastream,
  itronWater,
  kamstrupWater,
  qundisQWater,
  sontexSupercom,
  techemMkRadio,
  techemMkRadio3a,
  zenner0b,
  zennerMinomess,
];

/** By maker, version and medium in one number; by the maker alone where all of its are the same. */
const byType = new Map<number, WmbusModel>(
  wmbusModels.flatMap((model) =>
    model.types.map(([maker, version, medium]) => [typeNumber(makerNumber(maker), version, medium), model] as const),
  ),
);

/** Five bits a letter, as the address has them. */
function makerNumber(maker: string): number {
  return [...maker].reduce((packed, letter) => packed * 32 + letter.charCodeAt(0) - 64, 0);
}

function typeNumber(maker: number, version: number | null, medium: number | null): number {
  return maker * 0x40000 + (version ?? 0x100) * 0x200 + (medium ?? 0x100);
}

/** Undefined for a model that nobody has registered; its standard records are read all the same. */
export function modelOf(address: MeterAddress): WmbusModel | undefined {
  const maker = ((address.manufacturer[0] ?? 0) | ((address.manufacturer[1] ?? 0) << 8)) & 0x7fff;
  return byType.get(typeNumber(maker, address.version, address.medium)) ?? byType.get(typeNumber(maker, null, null));
}
