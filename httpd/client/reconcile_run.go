package client

import (
	"context"
	"strconv"
	"time"
)

// BooksRun is one run of a reconciliation as it stood.
type BooksRun struct {
	Seq       uint64         `json:"run"`
	Began     string         `json:"began"` // statement, pull, compare, schedule
	By        string         `json:"by"`
	At        time.Time      `json:"at"`
	Source    string         `json:"source,omitzero"`
	Lines     int            `json:"lines"`
	New       int            `json:"new_lines"`
	Settled   int            `json:"settled"`
	From      string         `json:"from,omitzero"`
	To        string         `json:"to,omitzero"` // the last day
	Counts    map[string]int `json:"counts"`
	Explained int            `json:"explained"`
	Matched   []RunSum       `json:"matched_sums"`
	Problem   string         `json:"problem,omitzero"`  // why nothing was compared
	Findings  []RunFinding   `json:"findings,omitzero"` // of one run alone
}

// RunSum is what left by all that matched, in one currency.
type RunSum struct {
	Currency string `json:"currency"`
	Amount   string `json:"amount"`
}

// RunFinding is a finding as it stood in a run.
type RunFinding struct {
	Class     string `json:"class"`
	Why       string `json:"why,omitzero"`
	Payout    string `json:"instruction_id,omitzero"`
	Line      string `json:"line_id,omitzero"`
	Currency  string `json:"currency,omitzero"`
	Ours      Sums   `json:"ours"`
	Theirs    Sums   `json:"theirs"`
	Day       string `json:"day"`
	Source    string `json:"source,omitzero"`
	Row       int    `json:"row,omitzero"`
	Explained bool   `json:"explained,omitzero"`
}

// BooksRuns are runs of an account's reconciliation, the newest first: those below
// a number (zero: from the newest).
func (c *Client) BooksRuns(ctx context.Context, s Scope, account string, before uint64, limit int) (Page[BooksRun], error) {
	q := s.query()
	q["limit"] = strconv.Itoa(limit)
	if before > 0 {
		q["before"] = strconv.FormatUint(before, 10)
	}
	return get[Page[BooksRun]](ctx, c, "/accounts/"+segment(account)+"/runs", q)
}

// BooksRun is one run with its findings.
func (c *Client) BooksRun(ctx context.Context, s Scope, account string, seq uint64) (BooksRun, error) {
	return get[BooksRun](ctx, c, "/accounts/"+segment(account)+"/runs/"+strconv.FormatUint(seq, 10), s.query())
}

// KeepRun compares the books as they stand and keeps that as a run.
func (c *Client) KeepRun(ctx context.Context, s Scope, account string) (BooksRun, error) {
	return post[BooksRun](ctx, c, "/accounts/"+segment(account)+"/runs", nil, s.body())
}
