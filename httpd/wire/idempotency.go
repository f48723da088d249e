package wire

import "strings"

// MaxIdempotencyKey is how long a key may be, in characters, without quotes.
const MaxIdempotencyKey = 255

// ParseIdempotencyKey reads the header Idempotency-Key, which is a quoted
// string (draft-ietf-httpapi-idempotency-key-header, RFC 8941 3.3.3) and which
// most clients send bare: "x" and x are the same key. A key is 1 to 255
// visible ASCII characters. The error is an *[IdempotencyKeyError] and doesn't
// repeat the value.
func ParseIdempotencyKey(header string) (string, error) {
	key := strings.Trim(header, " \t")
	if strings.HasPrefix(key, `"`) {
		var ok bool
		if key, ok = unquote(key); !ok {
			return "", &IdempotencyKeyError{Rule: "quotes must close the key, with \\ only before \" and \\"}
		}
	}
	if key == "" || len(key) > MaxIdempotencyKey {
		return "", &IdempotencyKeyError{Rule: "must be 1 to 255 characters long"}
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] > '~' {
			return "", &IdempotencyKeyError{Rule: "must be visible ASCII without spaces"}
		}
	}
	return key, nil
}

// unquote reads a structured field's string that is all of s.
func unquote(s string) (string, bool) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; c {
		case '"':
			return b.String(), i == len(s)-1
		case '\\':
			i++
			if i == len(s) || s[i] != '"' && s[i] != '\\' {
				return "", false
			}
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}
