// The duties that staff of the utility may have: what a staff credential says and what the console goes by.

export const staffDuties = {
  administrator: { ko: '관리자', en: 'Administrator' },
  resident_clerk: { ko: '주민 창구', en: 'Residents’ desk' },
  water_clerk: { ko: '수도 창구', en: 'Water desk' },
  business_clerk: { ko: '기업 창구', en: 'Business desk' },
  meter_operator: { ko: '검침 운영', en: 'Meter operation' },
  auditor: { ko: '감사', en: 'Audit' },
} as const satisfies Record<string, { ko: string; en: string }>;

export type StaffDuty = keyof typeof staffDuties;

export function isStaffDuty(value: unknown): value is StaffDuty {
  return typeof value === 'string' && Object.hasOwn(staffDuties, value);
}
