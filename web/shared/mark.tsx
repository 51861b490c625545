// Naru's mark: the ㄴ of 나루 as a landing stage, and the water it stands in.
export function Mark({ size = 36 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" fill="#0b4a5c" />
      <path
        d="M9.5 6.5v11h13"
        fill="none"
        stroke="#fff"
        stroke-width="3.6"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
      <path
        d="M6 24.4c2.5-2 4.2-2 6.7 0s4.1 2 6.6 0 4.2-2 6.7 0"
        fill="none"
        stroke="#7fd0d8"
        stroke-width="2.6"
        stroke-linecap="round"
      />
    </svg>
  );
}
