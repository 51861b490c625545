// One service point on a page of its own.
import { useSpeech } from '../shared/language.tsx';
import { PageTitle } from '../shared/page-frame.tsx';
import { PlaceExceptionsPanel } from './place-exceptions.tsx';
import { PlaceHistoryPanel } from './place-history.tsx';
import { linkTo } from './route.ts';
import { ServicePointPanel } from './service-point-panel.tsx';

export function ServicePointPage({ id }: { id: string }) {
  const { say } = useSpeech();
  return (
    <>
      <p class="small">
        <a href={linkTo({ page: 'meters' })}>← {say('계량기 목록', 'All meters')}</a>
      </p>
      <PageTitle>{say(`수용가 ${id}`, `Service point ${id}`)}</PageTitle>
      <PlaceHistoryPanel id={id} />
      <PlaceExceptionsPanel id={id} />
      <ServicePointPanel id={id} />
    </>
  );
}
