// A meter's register as the drums on the meter show it: cubic metres in black, litres in red.
import { cubicMetres } from './format.ts';
import { useSpeech } from './language.tsx';
import './styles/register.css';

const drums = 5;

export function RegisterDial({ register_l, testId }: { register_l: number; testId?: string }) {
  const { say } = useSpeech();
  const text = cubicMetres(register_l);
  const [whole = '0', part = '000'] = text.split('.');
  return (
    <p class="register" data-testid={testId} data-value={text}>
      <span class="visually-hidden">
        {text} {say('세제곱미터', 'cubic metres')}
      </span>
      <span class="drums" aria-hidden="true">
        {[...whole.padStart(drums, '0')].map((digit, index) => (
          <span class="drum" key={index}>
            {digit}
          </span>
        ))}
        <span class="point">.</span>
        {[...part].map((digit, index) => (
          <span class="drum litre" key={index}>
            {digit}
          </span>
        ))}
        <span class="unit">m³</span>
      </span>
    </p>
  );
}
