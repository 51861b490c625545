// The page a person sees when a sign-in for a wallet cannot go on: nobody is sent anywhere, and nothing sent is repeated.

const styles = `body{font:1rem/1.6 system-ui,sans-serif;margin:0;display:grid;min-height:100vh;place-items:center;background:#f4f7f8;color:#12262d}
main{max-width:32rem;margin:1.5rem;padding:2rem;background:#fff;border-radius:1rem;box-shadow:0 1px 6px #0002}
h1{font-size:1.3rem;margin:0 0 .5rem}p{margin:.3rem 0}[lang=en]{color:#4a5d64}
@media(prefers-color-scheme:dark){body{background:#0d1b20;color:#e8f0f2}main{background:#16282f}[lang=en]{color:#a9bcc3}}`;

const words = {
  request: {
    title: { ko: '로그인을 이어 갈 수 없습니다', en: 'This sign-in cannot go on' },
    advice: {
      ko: '요청이 이미 쓰였거나 시간이 지났습니다. 지갑으로 돌아가 처음부터 다시 시작해 주세요.',
      en: 'The request was used before or took too long. Go back to your wallet and begin again.',
    },
  },
  provider: {
    title: { ko: '지금은 로그인할 수 없습니다', en: 'Signing in is not possible just now' },
    advice: {
      ko: '시의 로그인 서비스가 답하지 않습니다. 잠시 뒤에 지갑에서 다시 시작해 주세요.',
      en: "The city's sign-in service does not answer. Begin again from your wallet in a while.",
    },
  },
} as const;

/** HTML, Korean first. */
export function authorizationPage(what: keyof typeof words): string {
  const { title, advice } = words[what];
  return `<!doctype html>
<html lang="ko">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${title.ko} · ${title.en}</title><style>${styles}</style></head>
<body><main><h1>${title.ko}</h1><p>${advice.ko}</p><p lang="en"><strong>${title.en}.</strong> ${advice.en}</p></main></body>
</html>
`;
}
