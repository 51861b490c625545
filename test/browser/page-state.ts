// A state of a page: where it is, what the service answers meanwhile, and how a browser is brought into it.
import type { Page } from 'playwright-core';
import type { BuiltPages } from './built-pages.ts';
import type { Answers } from './mocked-service.ts';

export interface PageState {
  name: string;
  on: keyof Omit<BuiltPages, 'stop'>;
  path: string;
  answers?: Answers;
  /** The stand-in wallet's DID; absent: none. */
  did?: 'unwritten' | 'written' | 'waiting' | 'warned' | 'unchecked' | 'deactivated' | 'erased';
  act: (page: Page) => Promise<unknown>;
}
