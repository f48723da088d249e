package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
	"golang.org/x/term"

	"penstock/locker"
	"penstock/store"
)

// master is the master key with what follows from it outside of the locker:
// whom backups are encrypted to.
type master struct {
	key    locker.MasterKey
	backup age.Recipient
	phrase []byte // that the key is still to be made of; nil: there is none, or it is made
}

// wipe overwrites what is secret in it, as far as Go allows.
func (m master) wipe() {
	m.key.Wipe()
	clear(m.phrase)
}

// readMaster gets the master key from where the configuration says. keys is
// the keyring, which tells how a passphrase becomes a key.
func readMaster(ctx context.Context, env Env, from MasterKey, keys store.Store) (master, error) {
	switch from.Kind {
	case KeyFile:
		key, err := locker.MasterFromFile(from.Name)
		if err != nil {
			return master{}, err
		}
		return masterOf(key)
	case KeyCredential:
		return credentialMaster(lookup(env.Environ, "CREDENTIALS_DIRECTORY"), from.Name)
	case KeyPassphrase:
		return passphraseMaster(ctx, env, keys)
	}
	return master{}, withNext(fmt.Errorf("a new store's master key cannot come from %s", from.Kind),
		`make it with "file:PATH", then split the key: penstock custodians`)
}

func credentialMaster(dir, name string) (master, error) {
	if name == locker.CredentialName || dir == "" {
		key, err := locker.MasterFromCredential(dir)
		if err != nil {
			return master{}, err
		}
		return masterOf(key)
	}
	text, err := readBounded(filepath.Join(dir, name), maxSecret, false)
	if err != nil {
		return master{}, fmt.Errorf("read master key: %w", err)
	}
	key, err := locker.ParseMaster(text)
	if err != nil {
		return master{}, err
	}
	return masterOf(key)
}

func passphraseMaster(ctx context.Context, env Env, keys store.Store) (master, error) {
	phrase, err := askPassphrase(env)
	if err != nil {
		return master{}, err
	}
	return masterOfPhrase(ctx, keys, phrase)
}

// masterOfPhrase makes the key of a keyring, and wipes the phrase.
func masterOfPhrase(ctx context.Context, keys store.Store, phrase []byte) (master, error) {
	defer clear(phrase)
	key, err := locker.MasterFromPassphrase(ctx, keys, phrase)
	if err != nil {
		return master{}, err
	}
	recipient, err := age.NewScryptRecipient(string(phrase))
	if err != nil {
		return master{}, fmt.Errorf("passphrase: %w", err)
	}
	return master{key: key, backup: recipient}, nil
}

// askPassphrase reads a line: from the terminal without showing it, or from
// standard input.
func askPassphrase(env Env) ([]byte, error) {
	if f, ok := env.Stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprint(env.Stderr, "Passphrase of the locker: ")
		phrase, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(env.Stderr)
		if err != nil {
			return nil, fmt.Errorf("read passphrase: %w", err)
		}
		return phrase, nil
	}
	text, err := io.ReadAll(io.LimitReader(env.Stdin, maxSecret))
	if err != nil {
		return nil, fmt.Errorf("read passphrase: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return []byte(strings.TrimRight(line, "\r")), nil
}

// masterApart refuses while whoever copies the store's directory copies the
// master key with it. Real details must not be kept so.
func masterApart(cfg Config) bool {
	if cfg.Locker.MasterKey.Kind != KeyFile {
		return true
	}
	key, err := filepath.EvalSymlinks(cfg.Locker.MasterKey.Name)
	if err != nil {
		key = cfg.Locker.MasterKey.Name
	}
	for _, p := range []Path{cfg.Store.Path, cfg.Store.KeysPath} {
		dir, err := filepath.EvalSymlinks(filepath.Dir(string(p)))
		if err != nil {
			dir = filepath.Dir(string(p))
		}
		rel, err := filepath.Rel(dir, key)
		if err != nil || rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return false
		}
	}
	return true
}
