package dash

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Cost is what one password costs to hash by argon2id.
type Cost struct {
	Memory uint32 // KiB
	Passes uint32
}

// filled is the standard where a field is zero: OWASP's second profile, which
// two at a time can afford on the smallest machine.
func (c Cost) filled() Cost {
	if c.Memory == 0 {
		c.Memory = 19 << 10
	}
	if c.Passes == 0 {
		c.Passes = 2
	}
	return c
}

const (
	minPassword = 12
	maxPassword = 256 // bytes
)

// checkPassword says what is wrong with a new password; "" when nothing is.
// Length is what counts (NIST SP 800-63B): no rule asks for a digit.
func checkPassword(p, email string) string {
	switch {
	case utf8.RuneCountInString(p) < minPassword:
		return fmt.Sprintf("Use at least %d characters; a few words will do.", minPassword)
	case len(p) > maxPassword:
		return fmt.Sprintf("Use at most %d bytes.", maxPassword)
	case strings.Count(p, p[:1]) == len(p):
		return "Use more than one character."
	case strings.EqualFold(p, email):
		return "Use something else than your e-mail address."
	}
	return ""
}

// turn waits for one of the few places in which passwords are hashed, so that
// many guesses at once take no more memory than two.
func (d *Dash) turn(ctx context.Context) (done func(), err error) {
	select {
	case d.hashing <- struct{}{}:
		return func() { <-d.hashing }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hash makes the stored form of a password, in which its cost stands too.
func (d *Dash) hash(ctx context.Context, password string) (string, error) {
	done, err := d.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	salt := make([]byte, 16)
	if _, err := io.ReadFull(d.Random, salt); err != nil {
		return "", fmt.Errorf("draw a salt: %w", err)
	}
	sum := argon2.IDKey([]byte(password), salt, d.Cost.Passes, d.Cost.Memory, 1, 32)
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, d.Cost.Memory, d.Cost.Passes, enc(salt), enc(sum)), nil
}

// matches says whether a password is the one of a stored hash. It takes as
// long for a wrong one as for the right one.
func (d *Dash) matches(ctx context.Context, password, stored string) (bool, error) {
	var version int
	var c Cost
	var salt64, sum64 string
	n, err := fmt.Sscanf(strings.ReplaceAll(stored, "$", " "), " argon2id v=%d m=%d,t=%d,p=1 %s %s", &version, &c.Memory, &c.Passes, &salt64, &sum64)
	if err != nil || n != 5 || version != argon2.Version || c.Memory > 1<<20 || c.Passes > 100 {
		return false, fmt.Errorf("a stored password is of no form that this version knows")
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(salt64)
	sum, err2 := base64.RawStdEncoding.DecodeString(sum64)
	if err1 != nil || err2 != nil || len(sum) != 32 {
		return false, fmt.Errorf("a stored password is malformed")
	}
	done, err := d.turn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	got := argon2.IDKey([]byte(password), salt, c.Passes, c.Memory, 1, 32)
	return subtle.ConstantTimeCompare(got, sum) == 1, nil
}
