// How hours that nothing measured tells were filled; `withdrawn` takes an estimate back.
export const estimateMethods = ['own_profile', 'class_profile', 'withdrawn'] as const;
export type EstimateMethod = (typeof estimateMethods)[number];
