package wire

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// Credentials reads the value of an Authorization header: Basic with a user, or
// Bearer, whose user is empty. Anything else is ErrUnauthenticated. The secret is
// not looked at.
func Credentials(header string) (user, secret string, err error) {
	bad := fmt.Errorf("credentials: %w", ErrUnauthenticated)
	scheme, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	rest = strings.TrimSpace(rest)
	switch strings.ToLower(scheme) {
	case "bearer":
		return "", rest, nil
	case "basic":
		raw, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return "", "", bad
		}
		user, secret, ok := strings.Cut(string(raw), ":")
		if !ok || user == "" {
			return "", "", bad
		}
		return user, secret, nil
	}
	return "", "", bad
}
