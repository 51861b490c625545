// Finds the model of a meter by its address. A new model is one file here and one line below.

import { type MeterAddress, manufacturerCode } from './wmbus-address.ts';
import { apator08, apator172 } from './wmbus-apator-08.ts';
import { apator162 } from './wmbus-apator-162.ts';
import { apatorNa1 } from './wmbus-apator-na1.ts';
import { apatorMbusNa1, apatorUltrimis } from './wmbus-apator-ultrasonic.ts';
import { aventiesWater } from './wmbus-aventies.ts';
import { bmetersHydrodigit, bmetersIwmTx5, bmetersRfmTx1 } from './wmbus-bmeters.ts';
import { diehlPrios } from './wmbus-diehl-prios.ts';
import { ecomessWater } from './wmbus-ecomess.ts';
import { engelmannFaw, engelmannWaterstar } from './wmbus-engelmann.ts';
import { gwfWater } from './wmbus-gwf.ts';
import { kamstrupWater } from './wmbus-kamstrup.ts';
import type { WmbusModel } from './wmbus-model.ts';
import { qundisQWater } from './wmbus-qundis.ts';
import { axiomaQalcosonic, itronWater, sontexSupercom } from './wmbus-standard.ts';
import { techemMkRadio } from './wmbus-techem.ts';
import { zenner0b, zennerMinomess } from './wmbus-zenner.ts';

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
  itronWater,
  kamstrupWater,
  qundisQWater,
  sontexSupercom,
  techemMkRadio,
  zenner0b,
  zennerMinomess,
];

const byType = new Map<string, WmbusModel>(
  wmbusModels.flatMap((model) => model.types.map((type) => [type.join(), model] as const)),
);

/** Undefined for a model that nobody has registered; its standard records are read all the same. */
export function modelOf(address: MeterAddress): WmbusModel | undefined {
  const maker = manufacturerCode(address.manufacturer);
  return byType.get([maker, address.version, address.medium].join()) ?? byType.get([maker, null, null].join());
}
