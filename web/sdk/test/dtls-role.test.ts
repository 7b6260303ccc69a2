import { describe, expect, test } from 'vitest';
import { dtlsRoleIn, withDtlsRole } from '../src/connection/dtls-role.ts';

const ANSWER = 'v=0\r\nm=audio 9 x\r\na=setup:active\r\na=mid:0\r\nm=video 9 x\r\na=setup:active\r\na=mid:1\r\n';

describe('DTLS roles', () => {
  test('an answer names the role of its writer', () => {
    expect(dtlsRoleIn(ANSWER)).toBe('active');
    expect(dtlsRoleIn(ANSWER.replaceAll('active', 'passive'))).toBe('passive');
  });

  test('an offer leaves the role open', () => {
    expect(dtlsRoleIn(ANSWER.replaceAll('active', 'actpass'))).toBeNull();
    expect(dtlsRoleIn('')).toBeNull();
  });

  test('the negotiated role is kept in every section, and nothing else changes', () => {
    expect(withDtlsRole(ANSWER, 'passive')).toBe(ANSWER.replaceAll('setup:active', 'setup:passive'));
    expect(withDtlsRole(ANSWER, 'active')).toBe(ANSWER);
  });

  test('lines without a carriage return work too', () => {
    expect(withDtlsRole(ANSWER.replaceAll('\r', ''), 'passive')).toContain('a=setup:passive\na=mid');
  });
});
