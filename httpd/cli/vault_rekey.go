package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"filippo.io/age"

	"penstock/engine"
	"penstock/httpd/admin"
	"penstock/locker"
	"penstock/store"
)

// successorSuffix is added to the name of the master key's file for the one
// that is about to take its place.
const successorSuffix = ".new"

// rekeyMaster changes the master key and returns the new one's name. The new
// key is durable wherever it is to be found before the keyring is wrapped
// under it, and an old file goes last; killed in between, the next start finds
// out which of the two opens the keyring (openSuccessor).
func (a *appliance) rekeyMaster(ctx context.Context, s admin.Successor) (string, error) {
	a.vault.act.Lock()
	defer a.vault.act.Unlock()
	m, err := a.vault.get()
	if err != nil {
		return "", err
	}
	if s.File == "" && s.Passphrase == "" && len(s.Shares) == 0 {
		return a.rekeyFile(ctx, m, s.Keep)
	}
	next, err := successor(s)
	if err != nil {
		return "", unchanged(lockerFault(err))
	}
	if next.key.Equal(m.key) {
		next.key.Wipe()
		return "", &admin.Refusal{Message: "this is the master key already"}
	}
	if err := a.keepOld(m, s.Keep); err != nil {
		next.key.Wipe()
		return "", unchanged(err)
	}
	return next.key.ID(), a.succeed(ctx, next)
}

// unchanged tells an operator, who is at the machine, what was wrong with a
// file before anything was changed.
func unchanged(err error) error {
	var said *engine.Error
	if errors.As(err, &said) {
		return err
	}
	return &engine.Error{Code: engine.CodeState, Message: "nothing has changed: " + err.Error(), Err: err}
}

// successor reads a new key that its keeper has already.
func successor(s admin.Successor) (m master, err error) {
	var key locker.MasterKey
	switch {
	case s.File != "":
		key, err = locker.MasterFromFile(s.File)
	case s.Passphrase != "":
		if key, err = locker.NewPassphrase([]byte(s.Passphrase)); err != nil {
			return m, err
		}
		recipient, err := age.NewScryptRecipient(s.Passphrase)
		return master{key: key, backup: recipient}, err
	default:
		key, err = combineTexts(s.Shares)
	}
	if err != nil {
		return m, err
	}
	return masterOf(key)
}

// combineTexts reads shares and combines them.
func combineTexts(texts []string) (locker.MasterKey, error) {
	var q locker.Quorum
	defer q.Forget()
	if err := giveTexts(&q, texts); err != nil {
		return locker.MasterKey{}, err
	}
	return q.Master()
}

func giveTexts(q *locker.Quorum, texts []string) error {
	for _, text := range texts {
		share, err := locker.ParseShare(text)
		if err == nil {
			err = q.Give(share)
			share.Wipe()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// succeed makes next the master key.
func (a *appliance) succeed(ctx context.Context, next master) error {
	id := next.key.ID()
	err := a.engine.RekeyMaster(ctx, keeper(), next.key)
	if a.locker.Status().Master != id {
		next.key.Wipe()
		return lockerFault(err)
	}
	a.vault.set(next)
	return err // of the audit's last line, if at all: the key has changed
}

// rekeyFile changes the key in the file that the configuration names.
func (a *appliance) rekeyFile(ctx context.Context, m master, keep string) (string, error) {
	from := a.cfg.Locker.MasterKey
	if from.Kind != KeyFile {
		return "", &admin.Refusal{Message: fmt.Sprintf("the master key comes from %s, which this process cannot write", from),
			Hint: "say where the new one is to be: --to FILE, or --shares N --threshold K; with a passphrase the verb asks for a new one"}
	}
	path, next := from.Name, from.Name+successorSuffix
	here, err := readKeyFile(path)
	if err != nil {
		return "", unchanged(fmt.Errorf("read the present master key: %w", err))
	}
	defer here.Wipe()
	if !here.Equal(m.key) {
		return "", &admin.Refusal{Message: path + " does not hold the master key in use", Hint: "put the key that is in use back there, or name a new file by --to"}
	}
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) { // left by a change that was cut short: the key in use is in path
		return "", unchanged(fmt.Errorf("remove what an earlier change left: %w", err))
	}
	if err := a.keepOld(m, keep); err != nil {
		return "", unchanged(err)
	}
	key, err := locker.NewMasterFile(next)
	if err != nil {
		return "", unchanged(err)
	}
	to, err := masterOf(key)
	if err == nil {
		err = a.succeed(ctx, to)
	}
	if id := key.ID(); a.locker.Status().Master != id {
		return "", errors.Join(err, os.Remove(next))
	}
	return key.ID(), errors.Join(err, takePlace(next, path))
}

// takePlace renames durably.
func takePlace(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("put the new master key in its place: %w", err)
	}
	return store.SyncDir(filepath.Dir(to))
}

// keepOld writes a copy of the present key where it was asked for.
func (a *appliance) keepOld(m master, path string) error {
	if path == "" {
		return nil
	}
	if a.cfg.Locker.MasterKey.Kind != KeyFile {
		return &admin.Refusal{Message: "only a master key from a file is kept as a file"}
	}
	text, err := readBounded(a.cfg.Locker.MasterKey.Name, maxSecret, false)
	defer clear(text)
	if err != nil {
		return fmt.Errorf("read the present master key: %w", err)
	}
	if here, err := locker.ParseMaster(text); err != nil || !here.Equal(m.key) {
		return fmt.Errorf("%s does not hold the master key in use", a.cfg.Locker.MasterKey.Name)
	}
	if err := writeNew(path, text); err != nil {
		return fmt.Errorf("keep the old master key: %w", err)
	}
	return store.SyncDir(filepath.Dir(path))
}

// openSuccessor opens the keyring with the key that a change of the master
// key, cut short by a crash, left beside the old one, and ends that change.
func (a *appliance) openSuccessor(ctx context.Context, from MasterKey, c locker.Config) (*locker.Locker, master, error) {
	next := from.Name + successorSuffix
	if from.Kind != KeyFile || !exists(next) {
		return nil, master{}, locker.ErrWrongMaster
	}
	key, err := locker.MasterFromFile(next)
	if err != nil {
		return nil, master{}, fmt.Errorf("%w, and %s is not read either: %w", locker.ErrWrongMaster, next, err)
	}
	m, err := masterOf(key)
	if err != nil {
		return nil, master{}, err
	}
	c.Master = key
	l, err := locker.Open(ctx, c)
	if err != nil {
		return nil, master{}, err
	}
	if err := takePlace(next, from.Name); err != nil {
		l.Close()
		return nil, master{}, err
	}
	return l, m, nil
}
