// Copies a text and says so, aloud for a screen reader too.
import { useState } from 'preact/hooks';
import { useSpeech } from './language.tsx';

export function CopyButton({ text, label }: { text: string; label: string }) {
  const { say } = useSpeech();
  const [said, setSaid] = useState('');
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid(say('복사했습니다', 'Copied'));
    } catch {
      setSaid(say('복사하지 못했습니다. 글을 직접 선택해 주세요.', 'Not copied: select the text yourself.'));
    }
  };
  return (
    <span class="row">
      <button type="button" class="button plain quiet" onClick={copy}>
        {label}
      </button>
      <span role="status" class="small">
        {said}
      </span>
    </span>
  );
}
