package engine

import (
	"context"
	"crypto/sha256"
	"time"

	"penstock/store"
)

// Invitation is a one-time link by which an operator gets in. Its token is not
// kept, only a hash; it carries over 200 random bits, which makes a slow hash
// needless.
type Invitation struct {
	Email   string    `json:"email"`
	Expires time.Time `json:"expires"`
	Created time.Time `json:"created"`
}

const bucketInvite = "invite" // SHA-256 of the token -> Invitation

// Invite makes an invitation and returns its token, which is shown this once.
func (e *Engine) Invite(ctx context.Context, c Caller, email string, life time.Duration) (token string, err error) {
	if len(email) < 3 || len(email) > 254 {
		return "", invalid("email", "an e-mail address has 3 to 254 characters")
	}
	if token, err = draw(e.Rand, 40); err != nil {
		return "", err
	}
	hash := sha256.Sum256([]byte(token))
	err = e.update(ctx, func(tx store.Tx, now time.Time) error {
		if err := keep(tx, bucketInvite, hash[:], Invitation{Email: email, Expires: now.Add(life), Created: now}); err != nil {
			return err
		}
		return c.act(tx, now, "operator.invite", email)
	})
	if err != nil {
		return "", err
	}
	return token, nil
}
