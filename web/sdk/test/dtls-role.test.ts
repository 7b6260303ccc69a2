import { describe, expect, test } from 'vitest';
import { dtlsRoleIn, withDtlsRole } from '../src/connection/dtls-role.ts';

const ANSWER = 'v=0\r\nm=audio 9 x\r\na=setup:active\r\na=mid:0\r\nm=video 9 x\r\na=setup:active\r\na=mid:1\r\n';

describe('the sides of DTLS', () => {
  test('an answer says on which side its writer is', () => {
    expect(dtlsRoleIn(ANSWER)).toBe('active');
    expect(dtlsRoleIn(ANSWER.replaceAll('active', 'passive'))).toBe('passive');
  });

  test('an offer leaves it open', () => {
    expect(dtlsRoleIn(ANSWER.replaceAll('active', 'actpass'))).toBeNull();
    expect(dtlsRoleIn('')).toBeNull();
  });

  test('what was agreed on stays, on every line, and all else is as it was', () => {
    expect(withDtlsRole(ANSWER, 'passive')).toBe(ANSWER.replaceAll('setup:active', 'setup:passive'));
    expect(withDtlsRole(ANSWER, 'active')).toBe(ANSWER);
  });

  test('lines may end without a carriage return', () => {
    expect(withDtlsRole(ANSWER.replaceAll('\r', ''), 'passive')).toContain('a=setup:passive\na=mid');
  });
});
