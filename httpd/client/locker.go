package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Shares is how far custodians have come in opening the locker.
type Shares struct {
	Sealed bool `json:"sealed"`
	Given  int  `json:"shares_given"`
	Needed int  `json:"shares_needed"`
}

// GiveShare gives one custodian's share.
func (c *Client) GiveShare(ctx context.Context, share string) (Shares, error) {
	return post[Shares](ctx, c, "/locker/shares", nil, map[string]string{"share": share})
}

// ForgetShares has the shares forgotten that were given so far.
func (c *Client) ForgetShares(ctx context.Context) (Shares, error) {
	return post[Shares](ctx, c, "/locker/shares/forget", nil, nil)
}

// Custody is a master key split for custodians; the shares are secrets, shown
// this once.
type Custody struct {
	Master    string   `json:"master_key_id"`
	Set       string   `json:"set"`
	Threshold int      `json:"threshold"`
	Shares    []string `json:"shares"`
}

// Split splits the present master key.
func (c *Client) Split(ctx context.Context, threshold, shares int) (Custody, error) {
	return post[Custody](ctx, c, "/locker/custodians", nil, map[string]int{"threshold": threshold, "shares": shares})
}

// Successor is where the next master key is; empty: in the place of the
// configured file.
type Successor struct {
	File       string   `json:"file,omitempty"`
	Shares     []string `json:"shares,omitempty"`
	Passphrase string   `json:"passphrase,omitempty"`
	Keep       string   `json:"keep,omitempty"` // a file for the old key
}

// RekeyMaster changes the master key and returns the new one's name.
func (c *Client) RekeyMaster(ctx context.Context, s Successor) (string, error) {
	out, err := post[struct {
		ID string `json:"master_key_id"`
	}](ctx, c, "/locker/master", nil, s)
	return out.ID, err
}

// Rekey rotates the term keys and returns the newest term; progress is told of
// the keys re-wrapped so far. When it breaks off, it may be called again.
func (c *Client) Rekey(ctx context.Context, progress func(done int)) (uint32, error) {
	resp, err := c.send(ctx, http.MethodPost, "/locker/rekey", nil, nil, "")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		var w struct {
			Done  int    `json:"done"`
			Term  uint32 `json:"term"`
			Error string `json:"error"`
		}
		if err := json.Unmarshal(lines.Bytes(), &w); err != nil {
			return 0, fmt.Errorf("read the rotation's progress: %w", err)
		}
		switch {
		case w.Error != "":
			return 0, errors.New(w.Error)
		case w.Term != 0:
			return w.Term, nil
		}
		progress(w.Done)
	}
	return 0, fmt.Errorf("the daemon stopped before the rotation ended; repeating it goes on from there: %w", errors.Join(lines.Err(), io.ErrUnexpectedEOF))
}
