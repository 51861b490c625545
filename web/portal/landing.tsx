// The front page: what Naru is, and the way in.
import { useSpeech } from '../shared/language.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { type SignInProps, WalletSignIn } from '../shared/wallet-sign-in.tsx';

export function Landing(props: Omit<SignInProps, 'path' | 'title' | 'advice'>) {
  const { say } = useSpeech();
  return (
    <>
      <section class="hero">
        <div class="hero-words">
          <PageTitle takeFocus={false}>
            {say('우리 집 물, 내\u00a0증명서로 봅니다', 'See your own water, with your own credential')}
          </PageTitle>
          <p>
            {say(
              '계량기가 지금 얼마를 가리키는지, 언제 얼마나 썼는지. 아이디도 비밀번호도 없이, 내 지갑의 수도 계정 증명서를 보여 주면 열립니다.',
              'What the meter reads now, and when how much was used. No user name, no password: show the water account credential in your wallet.',
            )}
          </p>
        </div>
        <Waves />
      </section>
      <WalletSignIn
        {...props}
        path="/api/portal/sign-in"
        advice={{
          ko: '아직 지갑이 없나요? 수도 사업소에서 발급 안내를 받으면 그 링크가 지갑을 열어 줍니다.',
          en: 'No wallet yet? The link of the offer you get from the water office opens one.',
        }}
      />
      <Promises />
    </>
  );
}

function Promises() {
  const { say } = useSpeech();
  const promises = [
    {
      title: say('증명서는 내 기기에', 'Your credential stays with you'),
      text: say(
        '증명서와 열쇠는 내 휴대전화의 지갑에만 있습니다. 시는 사본을 따로 두지 않습니다.',
        'Credential and key are only in the wallet on your device. The city keeps no second copy.',
      ),
    },
    {
      title: say('필요한 것만', 'Only what is needed'),
      text: say(
        '누가 왜 무엇을 묻는지 먼저 보여 줍니다. 이름이나 생일은 묻지 않습니다.',
        'You first see who asks for what, and why. Name and birthday are not asked.',
      ),
    },
    {
      title: say('누구나 다시 계산', 'Anyone can check'),
      text: say(
        '확인 과정을 한 단계씩 보여 주고, 공개 장부의 증명을 이 화면이 직접 계산합니다.',
        'Every step of the check is shown, and this page works out the proof from the public ledger itself.',
      ),
    },
  ];
  return (
    <section aria-label={say('약속', 'Promises')}>
      <ul class="promises">
        {promises.map(({ title, text }) => (
          <li key={title}>
            <h2>{title}</h2>
            <p>{text}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Waves() {
  return (
    <svg class="waves" viewBox="0 0 1200 150" preserveAspectRatio="none" aria-hidden="true">
      <path d="M0 62c110-48 190-48 300 0s190 48 300 0 190-48 300 0 190 48 300 0v88H0z" fill="#0f6175" />
      <path d="M0 96c110-36 190-36 300 0s190 36 300 0 190-36 300 0 190 36 300 0v54H0z" fill="#1a7c8c" />
      <path d="M0 126c110-24 190-24 300 0s190 24 300 0 190-24 300 0 190 24 300 0v24H0z" fill="#2b9aa6" />
    </svg>
  );
}
