// Korean first, English beside it: the language chosen, remembered on this device, and the words said in it.
import { type ComponentChildren, createContext } from 'preact';
import { useContext, useEffect, useMemo, useState } from 'preact/hooks';

export type Language = 'ko' | 'en';

/** One sentence in both languages. */
export interface Text {
  ko: string;
  en: string;
}

export interface Speech {
  language: Language;
  /** The first argument in Korean, the second in English. */
  say(ko: string, en: string): string;
  pick(text: Text): string;
  change(language: Language): void;
}

const rememberedAt = 'naru.language';

function speechIn(language: Language, change: (language: Language) => void): Speech {
  return {
    language,
    say: (ko, en) => (language === 'ko' ? ko : en),
    pick: (text) => text[language],
    change,
  };
}

const SpeechContext = createContext<Speech>(speechIn('ko', () => {}));

function remembered(): Language {
  try {
    return localStorage.getItem(rememberedAt) === 'en' ? 'en' : 'ko';
  } catch {
    return 'ko';
  }
}

export function LanguageProvider({ children }: { children: ComponentChildren }) {
  const [language, setLanguage] = useState<Language>(remembered);
  useEffect(() => {
    document.documentElement.lang = language;
    try {
      localStorage.setItem(rememberedAt, language);
    } catch {
      // A browser that keeps nothing forgets the choice; the page still works.
    }
  }, [language]);
  const speech = useMemo(() => speechIn(language, setLanguage), [language]);
  return <SpeechContext.Provider value={speech}>{children}</SpeechContext.Provider>;
}

export function useSpeech(): Speech {
  return useContext(SpeechContext);
}

export function LanguageSwitch() {
  const { language, change } = useSpeech();
  const other = language === 'ko' ? 'en' : 'ko';
  return (
    <button type="button" class="language" lang={other} onClick={() => change(other)} data-testid="language">
      {other === 'en' ? 'English' : '한국어'}
    </button>
  );
}
