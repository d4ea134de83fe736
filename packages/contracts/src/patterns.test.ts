import { describe, expect, it } from '@jest/globals';
import { publishableSubjects } from './events.ts';
import { commonSubject, coversPatterns, EventPattern, matchesPattern, matchesSubject } from './patterns.ts';

describe('a pattern of collections', () => {
  it('matches as if each star stood for any characters', () => {
    const names = ['', 'a', 'ab', 'aab', 'abab', 'team', 'team-a', 'my-team-a', 'team-a-b'];
    for (const pattern of ['*', '**', 'a', 'a*', '*b', 'a*b', 'a*a*b', '*ab*', 'team-*', '*-a*', 'team-*-b', '']) {
      const oracle = new RegExp(`^${pattern.replaceAll('*', '.*')}$`);
      for (const name of names)
        expect([pattern, name, matchesPattern(pattern, name)]).toEqual([pattern, name, oracle.test(name)]);
    }
  });

  it('takes no longer for a pattern that a backtracking matcher would choke on', () => {
    const start = performance.now();
    expect(matchesPattern(`${'a*'.repeat(30)}b`, 'a'.repeat(63))).toBe(false);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it('covers another when all that it lets through is let through', () => {
    expect(coversPatterns(['team-*'], ['team-a', 'team-a*', 'team-*'])).toBe(true);
    expect(coversPatterns(['team-*'], ['team*'])).toBe(false);
    expect(coversPatterns(['team-*'], ['*'])).toBe(false);
    expect(coversPatterns(['*'], ['*', 'a*b'])).toBe(true);
    expect(coversPatterns([], [])).toBe(true);
  });
});

describe('a pattern of events', () => {
  it('matches part by part', () => {
    expect(matchesSubject('vectorizer.events.*.upsert', 'vectorizer.events.books.upsert')).toBe(true);
    expect(matchesSubject('vectorizer.events.books.>', 'vectorizer.events.books.delete')).toBe(true);
    expect(matchesSubject('vectorizer.events.books.>', 'vectorizer.events.books')).toBe(false);
    expect(matchesSubject('vectorizer.events.*', 'vectorizer.events.books.delete')).toBe(false);
    expect(matchesSubject('>', 'anything.at.all')).toBe(true);
  });

  it('has in common with a subject what both match', () => {
    const upsert = 'vectorizer.events.*.upsert';
    expect(commonSubject('>', upsert)).toBe(upsert);
    expect(commonSubject('vectorizer.events.books.>', upsert)).toBe('vectorizer.events.books.upsert');
    expect(commonSubject('vectorizer.>', upsert)).toBe(upsert);
    expect(commonSubject('*.*.books.*', upsert)).toBe('vectorizer.events.books.upsert');
    for (const none of ['vectorizer.events.books.delete', 'other.>', 'vectorizer.events.books', `${upsert}.>`, '*']) {
      expect([none, commonSubject(none, upsert)]).toEqual([none, undefined]);
    }
    expect(publishableSubjects(['>', 'vectorizer.events.books.*'], ['upsert'], 'abc')).toEqual([
      `${upsert}.abc`,
      'vectorizer.events.books.upsert.abc',
    ]);
  });

  it('is refused when it is none', () => {
    const bad = ['', 'a..b', 'a.>.b', 'a.b ', '.a', 'a.', 'a*b'];
    expect(bad.filter((text) => EventPattern.safeParse(text).success)).toEqual([]);
  });
});
