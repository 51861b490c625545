// An offer that was made: the link to send, and, by another way, the code.
import { useEffect, useRef } from 'preact/hooks';
import { CopyButton } from '../shared/copy-button.tsx';
import { dateTime } from '../shared/format.ts';
import { useSpeech } from '../shared/language.tsx';
import { Notice } from '../shared/notices.tsx';
import { QrCode } from '../shared/qr-code.tsx';
import type { MadeOffer } from '../shared/service-types.ts';

export function OfferCard({ offer, onDone }: { offer: MadeOffer; onDone: () => void }) {
  const { say, language } = useSpeech();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div class="offer" data-testid="offer">
      <h3 ref={heading} tabIndex={-1}>
        {say('발급 안내를 만들었습니다', 'The offer is ready')}
      </h3>
      <div class="offer-parts">
        <div class="stack">
          <h4>{say('1. 링크를 보냅니다', '1. Send the link')}</h4>
          <QrCode content={offer.wallet_link} label={say('지갑을 여는 QR 코드', 'QR code that opens the wallet')} />
          <p class="small">
            <a href={offer.wallet_link} data-testid="offer-link" target="_blank" rel="noreferrer">
              {say('지갑에서 열기', 'Open in the wallet')}
            </a>
          </p>
          <CopyButton text={offer.wallet_link} label={say('링크 복사', 'Copy the link')} />
          <details>
            <summary>{say('다른 지갑에서 받을 때', 'For another wallet')}</summary>
            <p class="small">
              <code data-testid="offer-uri">{offer.offer_uri}</code>
            </p>
          </details>
        </div>
        <div class="stack">
          <h4>{say('2. 확인 번호는 따로 알립니다', '2. Hand over the code separately')}</h4>
          <p class="tx-code" data-testid="offer-tx-code">
            {offer.tx_code}
          </p>
          <Notice tone="warn">
            {say(
              '링크와 같은 길로 보내지 마세요. 창구에서 말로 알리거나 전화로 알려 주세요. 링크를 가로챈 사람이 증명서를 받지 못하게 하는 번호입니다.',
              'Never send it the way the link goes. Say it at the counter or on the telephone: it keeps whoever intercepts the link from taking the credential.',
            )}
          </Notice>
          <p class="small soft">
            {say('기한', 'Valid until')} {dateTime(offer.expires_at, language)}
          </p>
        </div>
      </div>
      <button type="button" class="button plain quiet" onClick={onDone}>
        {say('닫기', 'Close')}
      </button>
    </div>
  );
}
