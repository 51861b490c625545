import { expect, test } from 'vitest';
import { AddressBook } from '../../../src/metering/intake/address-book.ts';

test('an address may hold so many connections that have not shown who they are, and no more', () => {
  const book = new AddressBook(2, 10);
  expect([book.enter('a'), book.enter('a'), book.enter('a'), book.enter('b')]).toEqual([true, true, false, true]);
  book.authenticated('a');
  expect(book.enter('a')).toBe(true);
  book.leave('a', false);
  expect(book.enter('a')).toBe(true);
});

test('authenticated connections count as well, to a higher bound, until they leave', () => {
  const book = new AddressBook(2, 3);
  for (let n = 0; n < 3; n += 1) {
    expect(book.enter('a')).toBe(true);
    book.authenticated('a');
  }
  expect(book.enter('a')).toBe(false);
  book.leave('a', true);
  expect(book.enter('a')).toBe(true);
});
