package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"filippo.io/age"

	"penstock/engine"
	"penstock/httpd/admin"
	"penstock/locker"
)

// vault is the master key of a running appliance with what follows from it,
// and the shares that custodians have given so far. Nothing of it is ever on
// disk: after a crash custodians begin again.
type vault struct {
	act sync.Mutex // held by what changes the key or gathers shares

	quorum locker.Quorum

	mu     sync.Mutex
	master master // zero while the locker is sealed
}

func (v *vault) set(m master) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.master.key.Wipe()
	v.master = m
}

func (v *vault) get() (master, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.master.backup == nil {
		return master{}, errSealed()
	}
	return v.master, nil
}

func (v *vault) wipe() {
	v.quorum.Forget()
	v.set(master{})
}

func errSealed() error {
	return &engine.Error{Code: engine.CodeSealed, Message: "the locker is sealed", Hint: "custodians open it: penstock unseal"}
}

// keeper is who acts through the socket, or on the machine itself.
func keeper() engine.Caller { return engine.Caller{Actor: "operator"} }

// giveShare takes one custodian's share. The one that makes enough of them
// opens the locker; then, or when together they are the wrong key, all are
// forgotten.
func (a *appliance) giveShare(ctx context.Context, text string) (admin.Shares, error) {
	v := &a.vault
	v.act.Lock()
	defer v.act.Unlock()
	if !a.locker.Status().Sealed {
		return admin.Shares{}, lockerFault(locker.ErrOpen)
	}
	share, err := locker.ParseShare(text)
	if err != nil {
		return admin.Shares{}, lockerFault(err)
	}
	defer share.Wipe()
	if err := v.quorum.Give(share); err != nil {
		return admin.Shares{}, lockerFault(err)
	}
	given, needed := v.quorum.Given()
	if err := a.engine.Note(ctx, keeper(), "locker.share", fmt.Sprintf("share %d of set %s", share.Index(), share.Set()), fmt.Sprintf("%d of %d given", given, needed)); err != nil {
		v.quorum.Forget() // no share without its line
		return admin.Shares{}, err
	}
	if given < needed {
		return admin.Shares{Sealed: true, Given: given, Needed: needed}, nil
	}
	defer v.quorum.Forget()
	return admin.Shares{Given: given, Needed: needed}, a.unseal(ctx)
}

// unseal opens the locker with the shares that were given.
func (a *appliance) unseal(ctx context.Context) error {
	key, err := a.vault.quorum.Master()
	if err != nil {
		return lockerFault(err)
	}
	m, err := masterOf(key)
	if err == nil {
		err = a.engine.Unseal(ctx, keeper(), key)
	}
	if err != nil {
		key.Wipe()
		return lockerFault(err)
	}
	a.vault.set(m)
	return nil
}

// forgetShares wipes what was given.
func (a *appliance) forgetShares(ctx context.Context) error {
	a.vault.act.Lock()
	defer a.vault.act.Unlock()
	a.vault.quorum.Forget()
	return a.engine.Note(ctx, keeper(), "locker.share", "", "the shares given so far were forgotten")
}

// split splits the present master key for n custodians of whom threshold are
// needed. Every share goes through its text and takes part in opening before
// any is shown.
func (a *appliance) split(ctx context.Context, threshold, n int) (admin.Custody, error) {
	a.vault.act.Lock()
	defer a.vault.act.Unlock()
	m, err := a.vault.get()
	if err != nil {
		return admin.Custody{}, err
	}
	texts, set, err := splitKey(m.key, threshold, n)
	if err != nil {
		return admin.Custody{}, lockerFault(err)
	}
	if err := a.engine.Note(ctx, keeper(), "locker.split", "set "+set, fmt.Sprintf("%d shares of master key %s, %d open it", n, m.key.ID(), threshold)); err != nil {
		return admin.Custody{}, err
	}
	return admin.Custody{Master: m.key.ID(), Set: set, Threshold: threshold, Shares: texts}, nil
}

// splitKey splits a key and proves that the texts of the shares give it back.
func splitKey(key locker.MasterKey, threshold, n int) (texts []string, set string, err error) {
	shares, err := key.Split(threshold, n)
	if err != nil {
		return nil, "", err
	}
	read := make([]locker.Share, n)
	for i, s := range shares {
		texts = append(texts, s.Text())
		s.Wipe()
		if read[i], err = locker.ParseShare(texts[i]); err != nil {
			return nil, "", fmt.Errorf("verify share %d: %w", i+1, err)
		}
		defer read[i].Wipe()
	}
	for i := 0; i < n; i += threshold { // each share is in one of these
		first := min(i, n-threshold)
		again, err := locker.Combine(read[first : first+threshold])
		if err != nil || !again.Equal(key) {
			return nil, "", errors.Join(errors.New("the shares do not give the key back; none was shown"), err)
		}
		again.Wipe()
	}
	return texts, read[0].Set(), nil
}

// lockerFault puts the locker's refusals into words that a caller can act on.
func lockerFault(err error) error {
	e := &engine.Error{Err: err}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, locker.ErrShare):
		e.Code, e.Field, e.Message = engine.CodeInvalid, "share", err.Error()
	case errors.Is(err, locker.ErrShareSet):
		e.Code, e.Message, e.Hint = engine.CodeState, err.Error(), "give shares of one set; to begin again with another: penstock unseal --forget"
	case errors.Is(err, locker.ErrShareTwice), errors.Is(err, locker.ErrFewShares):
		e.Code, e.Message, e.Hint = engine.CodeState, err.Error(), "another custodian's share is needed"
	case errors.Is(err, locker.ErrOpen):
		e.Code, e.Message = engine.CodeState, "the locker is open already"
	case errors.Is(err, locker.ErrWrongMaster):
		e.Code, e.Message, e.Hint = engine.CodeState, "this is not the keyring's master key", "shares were all forgotten; those of an older split, or of another appliance, don't open this one"
	case errors.Is(err, locker.ErrMasterSource):
		e.Code, e.Field, e.Message = engine.CodeInvalid, "master key", err.Error()
	case errors.Is(err, locker.ErrBusy):
		e.Code, e.Message = engine.CodeBusy, "another rotation is running"
	case errors.Is(err, locker.ErrSealed):
		return errSealed()
	default:
		return err
	}
	return e
}

// masterOf is a master key with whom its backups are encrypted to.
func masterOf(key locker.MasterKey) (master, error) {
	identity, err := backupIdentity(key)
	if err != nil {
		return master{}, err
	}
	return master{key: key, backup: identity.Recipient()}, nil
}

// recipient is whom backups are encrypted to.
func (a *appliance) recipient() (age.Recipient, error) {
	m, err := a.vault.get()
	return m.backup, err
}

// keyBeside refuses while the present master key lies in a file beside the
// store, be it the one that is configured or one that was left behind when
// custodians or a credential took its place.
func (a *appliance) keyBeside() bool {
	if !masterApart(a.cfg) {
		return true
	}
	m, err := a.vault.get()
	if err != nil {
		return false
	}
	for _, p := range []Path{a.cfg.Store.Path, a.cfg.Store.KeysPath} {
		left, err := readKeyFile(filepath.Join(filepath.Dir(string(p)), locker.CredentialName))
		if err == nil && left.Equal(m.key) {
			return true
		}
		left.Wipe()
	}
	return false
}

// readKeyFile reads a master key whatever its file's mode.
func readKeyFile(path string) (locker.MasterKey, error) {
	text, err := readBounded(path, maxSecret, false)
	defer clear(text)
	if err != nil {
		return locker.MasterKey{}, err
	}
	return locker.ParseMaster(text)
}

// exists says whether there is a file, or anything that keeps one from being
// looked at.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
