package admin

import (
	"context"
	"io"

	"penstock/engine"
	"penstock/httpd/wire"
)

// Vault is what an operator can do with the locker's keys. The wiring, which
// knows the locker, gives it; a nil function is something that this daemon
// doesn't do. Shares and passphrases that pass through here are never logged
// and never repeated in an error.
type Vault struct {
	Give   func(ctx context.Context, share string) (Shares, error)
	Forget func(ctx context.Context) error
	Split  func(ctx context.Context, threshold, shares int) (Custody, error)
	// Rekey rotates the term keys, and returns the newest term.
	Rekey func(ctx context.Context, tell func(done int)) (term uint32, err error)
	// Master changes the master key, and returns the new one's name.
	Master func(ctx context.Context, to Successor) (id string, err error)
}

// Shares is how far custodians have come in opening the locker.
type Shares struct {
	Sealed bool `json:"sealed"`
	Given  int  `json:"shares_given"`
	Needed int  `json:"shares_needed"`
}

// Custody is a master key split for custodians: secrets, shown this once.
type Custody struct {
	Master    string   `json:"master_key_id"`
	Set       string   `json:"set"`
	Threshold int      `json:"threshold"`
	Shares    []string `json:"shares"`
}

// Successor says where the next master key is: in a file, in shares of which
// enough are given, or in a passphrase; none of them means a new key in the
// place of the configured file. Keep is a file to keep the old key in.
type Successor struct {
	File       string   `json:"file"`
	Shares     []string `json:"shares"`
	Passphrase string   `json:"passphrase"`
	Keep       string   `json:"keep"`
}

var errSealed = &engine.Error{Code: engine.CodeSealed, Message: "the locker is sealed", Hint: "custodians open it: penstock unseal"}

func (a *Admin) lockerRoutes(f *wire.Funnel, d *wire.Dialect) []wire.Route {
	return []wire.Route{
		{Method: "POST", Pattern: "/locker/shares", Handler: call(f, d, a.giveShare)},
		{Method: "POST", Pattern: "/locker/shares/forget", Handler: call(f, d, a.forgetShares)},
		{Method: "POST", Pattern: "/locker/custodians", Handler: call(f, d, a.splitMaster)},
		{Method: "POST", Pattern: "/locker/rekey", Handler: call(f, d, a.rekey)},
		{Method: "POST", Pattern: "/locker/master", Handler: call(f, d, a.rekeyMaster)},
	}
}

func notBuilt(what string) error {
	return &engine.Error{Code: engine.CodeNotBuilt, Message: "this daemon " + what}
}

type shareBody struct {
	Share string `json:"share"`
}

func (a *Admin) giveShare(ctx context.Context, _ *wire.Call, b shareBody) (Shares, error) {
	switch {
	case a.Vault.Give == nil:
		return Shares{}, notBuilt("takes no shares")
	case b.Share == "":
		return Shares{}, absent("share")
	}
	return a.Vault.Give(ctx, b.Share)
}

func (a *Admin) forgetShares(ctx context.Context, _ *wire.Call, _ wire.None) (Shares, error) {
	if a.Vault.Forget == nil {
		return Shares{}, notBuilt("takes no shares")
	}
	return Shares{Sealed: a.Locker().Sealed}, a.Vault.Forget(ctx)
}

type custodyBody struct {
	Shares    int `json:"shares"`
	Threshold int `json:"threshold"`
}

func (a *Admin) splitMaster(ctx context.Context, _ *wire.Call, b custodyBody) (Custody, error) {
	if a.Vault.Split == nil {
		return Custody{}, notBuilt("splits no keys")
	}
	if b.Threshold < 2 || b.Threshold > b.Shares || b.Shares > 255 {
		return Custody{}, wrong("threshold", "wants 2 or more, and no more than shares, of which there are 255 at the most")
	}
	return a.Vault.Split(ctx, b.Threshold, b.Shares)
}

// rekeyWord is one line of the answer to a rotation: how far it is, or its
// end.
type rekeyWord struct {
	Done  int    `json:"done,omitzero"` // keys re-wrapped
	Term  uint32 `json:"term,omitzero"`
	Error string `json:"error,omitzero"`
}

// rekey streams its progress, a JSON object a line, and ends with the newest
// term. It goes on when the caller goes away.
func (a *Admin) rekey(context.Context, *wire.Call, wire.None) (wire.Reply, error) {
	switch {
	case a.Vault.Rekey == nil:
		return wire.Reply{}, notBuilt("rotates no keys")
	case a.Locker().Sealed:
		return wire.Reply{}, errSealed
	}
	return wire.Reply{
		Header: [][2]string{{"Content-Type", "application/x-ndjson"}},
		Stream: func(ctx context.Context, w io.Writer) error {
			say := func(s rekeyWord) error {
				b, err := wire.Encode(s)
				if err == nil {
					_, err = w.Write(append(b, '\n'))
				}
				return err
			}
			term, err := a.Vault.Rekey(ctx, func(done int) { _ = say(rekeyWord{Done: done}) }) // a caller who went away shows at the end
			if err != nil {
				return say(rekeyWord{Error: err.Error()})
			}
			return say(rekeyWord{Term: term})
		},
	}, nil
}

type masterBody struct {
	ID string `json:"master_key_id"`
}

func (a *Admin) rekeyMaster(ctx context.Context, _ *wire.Call, to Successor) (masterBody, error) {
	if a.Vault.Master == nil {
		return masterBody{}, notBuilt("changes no keys")
	}
	ways := 0
	for _, given := range []bool{to.File != "", to.Passphrase != "", len(to.Shares) > 0} {
		if given {
			ways++
		}
	}
	if ways > 1 || len(to.Shares) > 255 {
		return masterBody{}, wrong("file", "wants to be the only place that is named: a file, shares or a passphrase")
	}
	id, err := a.Vault.Master(ctx, to)
	return masterBody{id}, err
}
