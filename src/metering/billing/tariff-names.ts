// What a tariff may call its parts, and the names that every tariff has. Pages read it too: no form of a whole file stands here.

/** Of components, classes, counts, lines and indices. */
export const tariffName = /^[a-z][a-z0-9_-]{0,63}$/;

/** What every tariff can go by, beside the counts that it names itself. */
export const ownScales = ['months', 'households', 'days'] as const;
