// Credo's storage, kept in memory: what it asks of a storage service and no more.
import { JsonTransformer, RecordDuplicateError, RecordNotFoundError } from '@credo-ts/core';

export class MemoryStorage {
  supportsCursorPagination = false;
  #rows = new Map();

  async save(_context, record) {
    if (this.#rows.has(key(record.type, record.id)))
      throw new RecordDuplicateError('exists', { recordType: record.type });
    this.#put(record);
  }

  async update(_context, record) {
    this.#require(record.type, record.id);
    this.#put(record);
  }

  async delete(_context, record) {
    this.#require(record.type, record.id);
    this.#rows.delete(key(record.type, record.id));
  }

  async deleteById(_context, recordClass, id) {
    this.#require(recordClass.type, id);
    this.#rows.delete(key(recordClass.type, id));
  }

  async getById(_context, recordClass, id) {
    return read(recordClass, this.#require(recordClass.type, id));
  }

  async getAll(_context, recordClass) {
    return this.#ofType(recordClass).map((row) => read(recordClass, row));
  }

  async findByQuery(_context, recordClass, query, { limit, offset = 0 } = {}) {
    const found = this.#ofType(recordClass).filter((row) => matches(row.tags, query));
    return found.slice(offset, limit === undefined ? undefined : offset + limit).map((row) => read(recordClass, row));
  }

  #ofType({ type }) {
    return [...this.#rows.values()].filter((row) => row.type === type);
  }

  #put(record) {
    record.updatedAt = new Date();
    const row = { type: record.type, id: record.id, tags: record.getTags(), value: JsonTransformer.serialize(record) };
    this.#rows.set(key(record.type, record.id), row);
  }

  #require(type, id) {
    const row = this.#rows.get(key(type, id));
    if (row === undefined) throw new RecordNotFoundError('unknown', { recordType: type });
    return row;
  }
}

function key(type, id) {
  return `${type}/${id}`;
}

function read(recordClass, row) {
  const record = JsonTransformer.deserialize(row.value, recordClass);
  record.replaceTags(row.tags);
  return record;
}

function matches(tags, { $and, $or, $not, ...equal }) {
  if ($and?.some((query) => !matches(tags, query))) return false;
  if ($or && !$or.some((query) => matches(tags, query))) return false;
  if ($not && matches(tags, $not)) return false;
  return Object.entries(equal).every(([name, wanted]) => {
    if (wanted === undefined) return true;
    const held = tags[name];
    if (Array.isArray(wanted)) return wanted.every((each) => Array.isArray(held) && held.includes(each));
    return Array.isArray(held) ? held.includes(wanted) : held === wanted;
  });
}
