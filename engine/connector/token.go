package connector

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	tokenSlack = time.Minute // a token isn't used in its last minute
	tokenMost  = 24 * time.Hour
)

var (
	// ErrClient is a provider's own word that it doesn't know the credentials
	// by which a token was asked for. Nothing was ordered.
	ErrClient = errors.New("provider refuses the credentials")

	errToken = errors.New("provider gave no token")
)

// Token keeps one account's bearer token (RFC 6749, client credentials) in
// memory while it lasts; losing it costs a request. Make it with [NewToken].
type Token struct {
	asking chan struct{} // held by whoever looks at it
	value  string
	until  time.Time
}

// NewToken is a token that was not asked for yet.
func NewToken() *Token { return &Token{asking: make(chan struct{}, 1)} }

// Get is the token, asked for by r when there is none or the last is about to
// end.
func (t *Token) Get(ctx context.Context, host Host, r Request) (string, error) {
	select { // whoever waits for another's question has a deadline of its own
	case t.asking <- struct{}{}:
		defer func() { <-t.asking }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	now := host.Now()
	if t.value != "" && now.Before(t.until) && !now.Before(t.until.Add(-tokenMost)) { // a clock that was set back proves nothing
		return t.value, nil
	}
	got, err := host.Do(ctx, r)
	if err != nil {
		return "", fmt.Errorf("ask for a token: %w", err)
	}
	value, lasts, err := readToken(got)
	if err != nil {
		return "", err
	}
	t.value, t.until = value, now.Add(min(lasts, tokenMost)-tokenSlack)
	return value, nil
}

// Forget drops a token that the provider no longer takes.
func (t *Token) Forget(ctx context.Context) {
	select {
	case t.asking <- struct{}{}:
		t.value = ""
		<-t.asking
	case <-ctx.Done():
	}
}

func readToken(got Answer) (string, time.Duration, error) {
	var in struct {
		Token string         `json:"access_token"`
		Ends  jsontext.Value `json:"expires_in"` // a number, which some write as a text
		Error string         `json:"error"`
	}
	if err := ReadJSON(got.Body, &in); err != nil {
		return "", 0, fmt.Errorf("%w: answered %d", errToken, got.Status)
	}
	if got.Status == http.StatusUnauthorized && in.Error == "invalid_client" {
		return "", 0, ErrClient
	}
	if got.Status != http.StatusOK || in.Token == "" || len(in.Token) > 8192 || strings.ContainsFunc(in.Token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", 0, fmt.Errorf("%w: answered %d", errToken, got.Status)
	}
	seconds, err := strconv.ParseInt(strings.Trim(string(in.Ends), `"`), 10, 32)
	if err != nil || seconds < 0 {
		return "", 0, fmt.Errorf("%w that says when it ends", errToken)
	}
	return in.Token, time.Duration(seconds) * time.Second, nil
}
