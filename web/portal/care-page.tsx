// Being watched over by one's use of water: the consent, whom to tell, absences, and taking it all back.
import { useEffect, useState } from 'preact/hooks';
import { useSpeech } from '../shared/language.tsx';
import { Loading, Notice, ProblemNotice } from '../shared/notices.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { useRemote } from '../shared/remote.ts';
import { askService, asServiceProblem, type ServiceProblem } from '../shared/service-client.ts';
import type { CareContact, CareConsent as Consent } from '../shared/service-types.ts';
import { CareAway } from './care-away.tsx';

const most_contacts = 3;

export function CarePage({ onProblem }: { onProblem: (problem: ServiceProblem) => void }) {
  const { say } = useSpeech();
  const [remote, again] = useRemote<Consent>(
    (signal) => askService('/api/portal/consent', undefined, signal),
    ['care'],
  );
  const [answer, setAnswer] = useState<Consent | null>(null);
  const [problem, setProblem] = useState<ServiceProblem | null>(null);
  useEffect(() => {
    if (remote.state === 'failed' && [401, 403].includes(remote.problem.status)) onProblem(remote.problem);
  }, [remote, onProblem]);
  const send = async (path: string, body: object): Promise<void> => {
    setProblem(null);
    try {
      setAnswer(await askService<Consent>(`/api/portal/consent${path}`, body));
    } catch (error) {
      setProblem(asServiceProblem(error));
    }
  };
  const value = answer ?? (remote.state === 'ready' ? remote.value : null);
  return (
    <>
      <div class="stack">
        <PageTitle>{say('안부 살핌', 'Welfare check')}</PageTitle>
        <p class="lead">
          {say(
            '아침 5–9시와 저녁 5–9시에 물을 전혀 쓰지 않은 날이나, 이틀 내내 쓰지 않으면 정해 둔 분께 전자우편으로 알립니다.',
            'If no water is used from 5 to 9 in the morning and in the evening of a day, or for two days, those you name get an e-mail.',
          )}
        </p>
      </div>
      {remote.state === 'failed' ? <ProblemNotice problem={remote.problem} again={again} /> : null}
      {remote.state === 'loading' ? <Loading /> : null}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {value === null ? null : <View value={value} send={send} />}
    </>
  );
}

type Send = (path: string, body: object) => Promise<void>;

function View({ value, send }: { value: Consent; send: Send }) {
  const { say } = useSpeech();
  const { consent } = value;
  if (!value.can_tell && consent === null) {
    return (
      <Notice testId="care-unavailable">
        {say('이 서비스는 아직 전자우편을 보내지 않아 신청할 수 없습니다.', 'This service sends no e-mail yet.')}
      </Notice>
    );
  }
  return (
    <>
      <section class="card stack" aria-labelledby="contacts-title">
        <h2 id="contacts-title">{say('알릴 분', 'Who is told')}</h2>
        <Contacts key={JSON.stringify(consent?.contacts)} known={consent?.contacts ?? null} send={send} />
      </section>
      {consent === null ? null : <CareAway away={consent.away} send={send} />}
      {consent === null ? null : (
        <section class="card stack" aria-labelledby="withdraw-title">
          <h2 id="withdraw-title">{say('그만두기', 'Stop')}</h2>
          <p>
            {say(
              '언제든지 그만둘 수 있습니다. 적어 둔 연락처는 바로 지워집니다.',
              'You can stop at any time. The contacts are deleted at once.',
            )}
          </p>
          <button type="button" class="button plain" onClick={() => send('/withdraw', {})} data-testid="care-withdraw">
            {say('동의를 거두고 연락처 지우기', 'Withdraw and delete the contacts')}
          </button>
        </section>
      )}
      <p class="small soft">
        {say(
          '자료가 오지 않은 때를 쓰지 않은 것으로 보지 않습니다. 연락처는 수도 사업소의 계량 자료와 따로 두며, 이 일에만 씁니다.',
          'Missing data is never taken for no use. The contacts are kept apart from the metering and used for this alone.',
        )}
      </p>
    </>
  );
}

function Contacts({ known, send }: { known: readonly CareContact[] | null; send: Send }) {
  const { say } = useSpeech();
  const [contacts, setContacts] = useState<CareContact[]>(() =>
    known === null ? [{ email: '', called: '' }] : known.map((each) => ({ ...each })),
  );
  const [agreed, setAgreed] = useState(known !== null);
  const change = (index: number, part: Partial<CareContact>): void =>
    setContacts(contacts.map((each, at) => (at === index ? { ...each, ...part } : each)));
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void send('', { contacts });
      }}
    >
      {contacts.map((contact, index) => (
        <fieldset class="care-contact" key={index}>
          <legend class="visually-hidden">{say(`${index + 1}번째 분`, `Contact ${index + 1}`)}</legend>
          <div class="field">
            <label for={`email-${index}`}>{say('전자우편', 'E-mail')}</label>
            <input
              id={`email-${index}`}
              class="input"
              type="email"
              required
              maxLength={254}
              value={contact.email}
              onInput={(event) => change(index, { email: event.currentTarget.value })}
              data-testid="care-email"
            />
          </div>
          <div class="field">
            <label for={`called-${index}`}>{say('그분이 이 집을 부르는 말', 'What they call this home')}</label>
            <input
              id={`called-${index}`}
              class="input"
              required
              maxLength={40}
              value={contact.called}
              placeholder={say('예: 어머니 댁', "Such as: mother's")}
              onInput={(event) => change(index, { called: event.currentTarget.value })}
              data-testid="care-called"
            />
          </div>
          {contacts.length === 1 ? null : (
            <button
              type="button"
              class="button plain quiet"
              onClick={() => setContacts(contacts.filter((_, at) => at !== index))}
            >
              {say('빼기', 'Remove')}
            </button>
          )}
        </fieldset>
      ))}
      {contacts.length >= most_contacts ? null : (
        <button
          type="button"
          class="button plain quiet"
          onClick={() => setContacts([...contacts, { email: '', called: '' }])}
        >
          {say('한 분 더', 'One more')}
        </button>
      )}
      {known !== null ? null : (
        <label class="check">
          <input
            type="checkbox"
            required
            checked={agreed}
            onChange={(event) => setAgreed(event.currentTarget.checked)}
            data-testid="care-agree"
          />{' '}
          {say(
            '우리 집 물 사용으로 안부를 살피고, 위의 분들께 알리는 데 동의합니다.',
            'I agree that my use of water is watched for this, and that these people are told.',
          )}
        </label>
      )}
      <button type="submit" class="button" disabled={!agreed} data-testid="care-give">
        {known === null ? say('동의하고 시작', 'Agree and start') : say('연락처 바꾸기', 'Change the contacts')}
      </button>
    </form>
  );
}
