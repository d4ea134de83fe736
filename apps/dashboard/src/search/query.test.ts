import { describe, expect, it } from '@jest/globals';
import { readForm, type Form } from './query.ts';

const FORM: Form = { collection: 'books', by: 'vector', vector: '1, 2', id: '', k: '10', filter: '', consistency: '' };

describe('the form of a search', () => {
  it('takes numbers however they are separated', () => {
    for (const vector of ['[1, 2e0]', '1 2', ' 1,2 ', '[\n1,\n2\n]']) {
      expect(readForm({ ...FORM, vector }, 2)).toEqual({
        query: { collection: 'books', like: { vector: [1, 2] }, settings: { k: 10 } },
        problems: {},
      });
    }
  });

  it('says which component is no number, and which length is wanted', () => {
    expect(readForm({ ...FORM, vector: '1, x' }, 2).problems).toEqual({ vector: 'The 2nd component is not a number.' });
    expect(readForm({ ...FORM, vector: '' }, 2).problems).toEqual({ vector: 'Give the numbers of a vector.' });
    expect(readForm({ ...FORM, vector: '1 2 3' }, 2).problems).toEqual({
      vector: 'The collection has 2 dimensions; these are 3.',
    });
  });

  it('hands on a filter and a consistency, and refuses a filter that is none', () => {
    const filter = { must: [{ key: 'year', match: { value: 1965 } }] };
    const form: Form = { ...FORM, by: 'id', id: 'dune', filter: JSON.stringify(filter), consistency: 'strong' };
    expect(readForm(form, 2).query).toEqual({
      collection: 'books',
      like: { id: 'dune' },
      settings: { k: 10, filter, consistency: 'strong' },
    });
    expect(readForm({ ...FORM, filter: '[1]' }, 2).problems.filter).toContain('a JSON object');
    expect(readForm({ ...FORM, filter: '{' }, 2).problems.filter).toContain('Not JSON');
  });

  it('names every field that is wrong at once', () => {
    const form: Form = { ...FORM, collection: '', by: 'id', k: '0' };
    expect(Object.keys(readForm(form, undefined).problems)).toEqual(['collection', 'id', 'k']);
  });
});
