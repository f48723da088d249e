package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"penstock/engine/connector"
)

// Connected says which connected accounts pay out by themselves
// (psp_customer_id): their ids, separated by commas, or "none". Left out, it is
// all that Stripe lists. What they pay out stands in their own books alone, so
// each is asked for its list and its report; an account that isn't named pays
// nothing out.
const Connected = "connected_accounts"

// maxConnected is how many accounts are asked, one after another.
const maxConnected = 200

var errConnected = errors.New("more than 200 accounts are connected: name those that pay out in the credential connected_accounts, or say none there")

// readConnected reads the credential; nil means all.
func readConnected(text string) ([]string, error) {
	switch text = strings.TrimSpace(text); text {
	case "":
		return nil, nil
	case "none":
		return []string{}, nil
	}
	out := []string{}
	for part := range strings.SplitSeq(text, ",") {
		id := strings.TrimSpace(part)
		if !name(id, "acct_") {
			return nil, fmt.Errorf("credential %q must be ids of connected accounts (acct_...) separated by commas, or none", Connected)
		}
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	if len(out) > maxConnected {
		return nil, fmt.Errorf("credential %q names more than %d accounts", Connected, maxConnected)
	}
	return out, nil
}

// paysOut says whether a connected account may pay out.
func (a *account) paysOut(connected string) bool {
	return connected == "" || a.connected == nil || slices.Contains(a.connected, connected)
}

// books are the accounts in whose books something of ours may stand: our own,
// which is empty, and those that are connected.
func (a *account) books(ctx context.Context) ([]string, error) {
	out := []string{""}
	if a.connected != nil {
		return append(out, a.connected...), nil
	}
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	for {
		list, more, err := a.listAccounts(ctx, query)
		switch out = append(out, list...); {
		case err != nil:
			return nil, fmt.Errorf("connected accounts: %w", err)
		case len(out) > maxConnected+1:
			return nil, errConnected
		case !more:
			return out, nil
		}
		query.Set("starting_after", list[len(list)-1])
	}
}

// listAccounts is one page of the connected accounts. An account that is no
// platform has none.
func (a *account) listAccounts(ctx context.Context, query url.Values) (ids []string, more bool, err error) {
	got, err := a.call(ctx, connector.Request{Method: http.MethodGet, URL: a.base + "/v1/accounts?" + query.Encode(), Max: 8 << 20})
	if err != nil {
		return nil, false, err
	}
	if got.Status == http.StatusForbidden || got.Status == http.StatusUnauthorized {
		return nil, false, fmt.Errorf("this key may not list them: allow it to, or name them in the credential %s", Connected)
	}
	if got.Status != http.StatusOK {
		return nil, false, fmt.Errorf("provider answered %d", got.Status)
	}
	var page struct {
		Object string `json:"object"`
		Data   []struct {
			ID     string `json:"id"`
			Object string `json:"object"`
		} `json:"data"`
		More *bool `json:"has_more"`
	}
	if err := connector.ReadJSON(got.Body, &page); err != nil {
		return nil, false, err
	}
	if page.Object != "list" || page.More == nil || *page.More && len(page.Data) == 0 {
		return nil, false, errAnswer
	}
	for _, one := range page.Data {
		if one.Object != "account" || !name(one.ID, "acct_") {
			return nil, false, errAnswer
		}
		ids = append(ids, one.ID)
	}
	return ids, *page.More, nil
}

// whose is the header of a call in a connected account's name; empty: our own.
func whose(connected string) http.Header {
	h := http.Header{}
	if connected != "" {
		h.Set("Stripe-Account", connected)
	}
	return h
}
