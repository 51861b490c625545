// Taking a bill into the wallet as a credential: the link, the QR code, and the code that goes with them.
import { useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { Notice, ProblemNotice } from '../shared/notices.tsx';
import { QrCode } from '../shared/qr-code.tsx';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import type { MadeOffer, MyBill } from '../shared/service-types.ts';

export function BillCredential({ path, bill, onChange }: { path: string; bill: MyBill; onChange: () => void }) {
  const { say } = useSpeech();
  const [offer, setOffer] = useState<MadeOffer | null>(null);
  const [problem, setProblem] = useState<ServiceProblem | null>(null);

  const make = async (): Promise<void> => {
    setProblem(null);
    try {
      setOffer(await askService<MadeOffer>(`${path}/offer`, {}));
    } catch (error) {
      setProblem(asServiceProblem(error));
      onChange();
    }
  };
  return (
    <section class="card no-print" aria-labelledby="bill-credential-title">
      <div class="stack">
        <h2 id="bill-credential-title">{say('이 요금을 지갑에 담기', 'Keep this bill in your wallet')}</h2>
        <p class="soft">
          {say(
            '고지서를 증명서로 받아 두면 금액과 기간을 나중에도, 이 포털이 없어도 증명할 수 있습니다.',
            'As a credential it proves amount and period later on, without this portal.',
          )}
        </p>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        {bill.in_wallet ? (
          <Notice tone="good" testId="bill-in-wallet">
            {say('이 요금은 이미 지갑에 담았습니다.', 'You have this bill in a wallet already.')}
          </Notice>
        ) : offer === null ? (
          <p>
            <button type="button" class="button" onClick={make} data-testid="bill-offer">
              {say('증명서로 받기', 'Get it as a credential')}
            </button>
          </p>
        ) : (
          <Offered offer={offer} />
        )}
      </div>
    </section>
  );
}

function Offered({ offer }: { offer: MadeOffer }) {
  const { say } = useSpeech();
  return (
    <div class="two-columns">
      <div class="stack">
        <p>
          <a class="button" href={offer.wallet_link} target="_blank" rel="noreferrer" data-testid="bill-offer-link">
            {say('이 기기의 지갑에서 받기', 'Take it with the wallet on this device')}
          </a>
        </p>
        <p>{say('지갑이 묻는 확인 번호:', 'The code that your wallet asks for:')}</p>
        <p class="bill-sum" data-testid="bill-offer-code">
          {offer.tx_code}
        </p>
      </div>
      <QrCode
        content={offer.wallet_link}
        label={say('지갑이 있는 기기로 찍는 QR 코드', 'QR code for the device that has the wallet')}
        testId="bill-offer-qr"
      />
    </div>
  );
}
