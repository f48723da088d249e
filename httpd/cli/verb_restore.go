package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/spf13/cobra"

	"penstock/engine"
	"penstock/httpd/client"
	"penstock/locker"
	"penstock/store"
	"penstock/store/bolt"
)

func verbRestore(env Env) *cobra.Command {
	var with restoring
	cmd := &cobra.Command{
		Use:     "restore FILE DIR (--key MASTER_KEY | --shares | --passphrase) [--keys FILE] | restore --drill [FILE]",
		Short:   "Make a directory to run from out of a backup",
		GroupID: groupKeep,
		Args: func(cmd *cobra.Command, args []string) error {
			if with.drill {
				return cobra.MaximumNArgs(1)(cmd, args)
			}
			return cobra.ExactArgs(2)(cmd, args)
		},
		Long: `Makes DIR out of a backup and checks it. DIR must be empty or not there, so that
no store in use is ever written over. The wrapped data keys are taken from
the newest copy beside FILE, or from --keys. A damaged, shortened or
foreign file is refused and leaves nothing behind. --shares takes custodians'
shares in place of a key file: from the terminal, or from standard input, one a
line; --passphrase asks for the locker's. When the master key was changed after the backup, --old-key names the one
of then.

The restored store is on hold: it serves, asks the providers what became of each
payout that was under way, and brings back from their lists what was paid after
the backup; but it sends nothing and takes no payout until penstock release. What
was made after the backup and never reached a provider is gone.

--drill restores into a directory of its own, checks it and removes it again: do it
regularly, a backup that was never restored is a hope. Without FILE it takes the
newest of backup.target.`,
		Example: `  penstock restore --drill --key /safe/master.key --config pay/config.toml
  penstock restore /backup/penstock-monday ./pay2 --key /safe/master.key
  penstock restore monday ./pay2 --key master.key --keys sunday.keys && penstock serve --config ./pay2/config.toml`,
	}
	cmd.Flags().StringVar(&with.key, "key", "", "`FILE` of the master key (mode 0600)")
	cmd.Flags().BoolVar(&with.shares, "shares", false, "ask custodians for their shares instead")
	cmd.Flags().BoolVar(&with.phrase, "passphrase", false, "ask for the locker's passphrase instead")
	cmd.Flags().StringVar(&with.old, "old-key", "", "`FILE` of the master key that the backup was made under, if it was changed since")
	cmd.Flags().StringVar(&with.keys, "keys", "", "`FILE` with the wrapped data keys (default FILE.keys, or the newest copy of them beside FILE)")
	cmd.Flags().BoolVar(&with.drill, "drill", false, "restore to try it, and leave nothing behind")
	config := configFlag(cmd)
	asJSON := new(bool)
	jsonFlag(cmd, asJSON)
	cmd.MarkFlagsOneRequired("key", "shares", "passphrase")
	cmd.MarkFlagsMutuallyExclusive("key", "shares", "passphrase")
	cmd.MarkFlagsMutuallyExclusive("old-key", "passphrase")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		r := remote{env: env, json: asJSON, file: config}
		if with.drill {
			return with.exercise(cmd.Context(), r, args)
		}
		out, err := with.restore(cmd.Context(), env, args[0], args[1])
		if err != nil {
			return err
		}
		if *asJSON {
			if err := printJSON(env, out); err != nil {
				return err
			}
			if n := len(out.Report.Findings) + out.Report.More; n > 0 {
				return fmt.Errorf("restored, with %s", plural(n, "finding"))
			}
			return nil
		}
		printPairs(env, []pair{{"Configuration", out.Config}, {"Backup of", when(out.Created)}, {"Looked up first", plural(out.Doubted, "payout")}, {"Redacted since, and again", plural(out.Forgotten, "customer")},
			{"Sending", "ON HOLD: nothing is sent until penstock release"}})
		fmt.Fprintf(env.Stderr, `What was made after %s is not in it; what providers know of it is brought back from their lists.
The configuration is a new one: set what yours had, then
  penstock serve --config %[2]s
  penstock release --config %[2]s    # once you have looked: until then nothing is sent
`, when(out.Created), out.Config)
		return r.showReport(out.Report)
	}
	return cmd
}

// restored is what restore prints.
type restored struct {
	Config  string    `json:"config"`
	Created time.Time `json:"backup_created"`
	Held    string    `json:"held"` // why nothing is sent
	Doubted int       `json:"looked_up_before_sending"`
	// Forgotten is how many customers were redacted after the backup, and are again.
	Forgotten int            `json:"redacted_again"`
	Report    *client.Report `json:"check"`
}

// restoring says with which keys.
type restoring struct {
	key    string // file of the master key; or
	shares bool   // custodians' shares are asked for; or
	phrase bool   // the passphrase is
	old    string // file of the master key of then; empty: the same
	keys   string // file of the wrapped data keys; empty: the newest beside the backup
	drill  bool   // it is restored to try it
}

// open reads the keys that restoring needs: the master key, what the new
// configuration is to say of its place, and the identity that opens the
// backup. With a passphrase the master key follows from the keyring, later.
func (r restoring) open(env Env) (m master, place string, identity age.Identity, err error) {
	var key locker.MasterKey
	if r.phrase {
		phrase, err := askPassphrase(env)
		if err != nil {
			return m, place, nil, err
		}
		identity, err := age.NewScryptIdentity(string(phrase))
		return master{phrase: phrase}, KeyPassphrase, identity, err
	}
	if r.shares {
		place = KeyShares
		key, err = askKey(env)
	} else if place, err = absolute(r.key); err == nil {
		key, err = locker.MasterFromFile(place)
		place = KeyFile + ":" + place
	}
	if err == nil {
		m, err = masterOf(key)
	}
	if err == nil && r.old != "" {
		identity, err = masterIdentity(r.old)
	} else if err == nil {
		identity, err = backupIdentity(key)
	}
	return m, place, identity, err
}

// restore makes dir out of a backup. After an error dir is as it was.
func (r restoring) restore(ctx context.Context, env Env, file, dir string) (out restored, err error) {
	key, place, identity, err := r.open(env)
	defer func() { key.wipe() }()
	if err != nil {
		return out, err
	}
	if dir, err = absolute(dir); err != nil {
		return out, err
	}
	keys := r.keys
	if err := claimDir(dir); err != nil {
		return out, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, emptyDir(dir))
		}
	}()
	m, err := unpackStore(env, file, filepath.Join(dir, "penstock.db"), identity)
	if err != nil {
		return out, fmt.Errorf("%s: %w", file, err)
	}
	if keys == "" {
		keys = newestKeys(file, m)
	}
	if err := unpackKeys(keys, filepath.Join(dir, "keyring.db"), m); err != nil {
		return out, fmt.Errorf("%s: %w", keys, err)
	}
	if r.phrase {
		if key, err = phraseFor(ctx, filepath.Join(dir, "keyring.db"), key.phrase); err != nil {
			return out, err
		}
	}
	out.Created = m.Created
	if out.Config, err = writeConfig(env, dir, place); err != nil {
		return out, err
	}
	return out, out.settle(ctx, env, key)
}

// phraseFor is the master key that a passphrase makes of a keyring's salt.
func phraseFor(ctx context.Context, path string, phrase []byte) (m master, err error) {
	keys, err := bolt.Open(bolt.Options{Path: path, AllowAnyFS: true})
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, keys.Close()) }()
	return masterOfPhrase(ctx, keys, phrase)
}

// masterIdentity reads a master key's file with the care that serving takes.
func masterIdentity(path string) (age.Identity, error) {
	key, err := locker.MasterFromFile(path)
	if err != nil {
		return nil, err
	}
	defer key.Wipe()
	return backupIdentity(key)
}

func unpackStore(env Env, file, to string, identity age.Identity) (m manifest, err error) {
	f, err := os.Open(file)
	if err != nil {
		return m, err
	}
	defer f.Close()
	m, r, end, err := openBackup(f, identity)
	if err != nil {
		return m, err
	}
	defer end()
	p := newProgress(env, "bytes restored", true)
	defer p.end()
	if err := unpack(r, to, p); err != nil {
		return m, err
	}
	if m.Format >= 2 {
		if err := unpackArchive(r, filepath.Join(filepath.Dir(to), string(defaults().Store.ArchivePath)), p); err != nil {
			return m, err
		}
	}
	return m, noMore(r)
}

// newestKeys is the newest copy of the backup's keyring beside it: FILE.keys,
// unless a later backup there has replaced that.
func newestKeys(file string, store manifest) string {
	best, at := file+".keys", time.Time{}
	others, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*.keys"))
	if err != nil { // the directory's name has a pattern in it
		return best
	}
	for _, path := range append(others, best) {
		if m, err := keysManifest(path); err == nil && m.Ring == store.Ring && !m.Created.Before(at) {
			best, at = path, m.Created
		}
	}
	return best
}

func unpackKeys(file, to string, store manifest) error {
	f, err := os.Open(file)
	if err != nil {
		return withNext(err, "give the newest copy of the wrapped data keys by --keys FILE: without it no detail can be read")
	}
	defer f.Close()
	r := bufio.NewReaderSize(f, maxManifest)
	m, err := readManifest(r, parcelKeyring)
	if err != nil {
		return err
	}
	if m.Ring != store.Ring {
		return errors.New("this keyring belongs to another appliance")
	}
	if m.Created.Before(store.Created) {
		return errors.New("this keyring is older than the backup, whose newest records it may not open; give the newest")
	}
	if err := unpack(r, to, io.Discard); err != nil {
		return err
	}
	return noMore(r)
}

// unpack writes a parcel's contents under a temporary name, and under their
// own once they were whole.
func unpack(r *bufio.Reader, to string, p io.Writer) error {
	_, err := writeWhole(to+".restoring", func(w io.Writer) error {
		_, err := readContents(r, io.MultiWriter(w, p))
		return err
	})
	if err != nil {
		return err
	}
	if err := os.Rename(to+".restoring", to); err != nil {
		return fmt.Errorf("rename: %w", err)
	}
	return store.SyncDir(filepath.Dir(to))
}

// writeConfig writes a new configuration, which says where the master key is,
// and a new administrator's key.
func writeConfig(env Env, dir, place string) (string, error) {
	if _, err := writeAdminKey(dir); err != nil {
		return "", err
	}
	text, err := fillExample(env.ExampleConfig, map[string]any{"locker.master_key": place, "rest.admin_api_key": "file:admin.key"})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "config.toml")
	return path, writeNew(path, text)
}

// settle opens what was restored, puts it on hold, with what may have been sent
// since in doubt, and checks all.
func (out *restored) settle(ctx context.Context, env Env, key master) (err error) {
	alone := slices.DeleteFunc(slices.Clone(env.Environ), func(e string) bool { return strings.HasPrefix(e, "PENSTOCK_") })
	cfg, _, err := LoadConfig(out.Config, alone)
	if err != nil {
		return err
	}
	a, err := opening{env: env, cfg: cfg, log: slog.New(slog.DiscardHandler), master: &key}.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	out.Held = "restored from the backup of " + when(out.Created)
	if out.Doubted, err = a.engine.HoldSends(ctx, engine.Caller{Actor: "operator"}, out.Held); err != nil {
		return fmt.Errorf("put the restored store on hold: %w", err)
	}
	if out.Forgotten, err = a.engine.ForgetErased(ctx, keeper()); err != nil {
		return fmt.Errorf("redact again who was redacted since: %w", err)
	}
	p := newProgress(env, "records checked", false)
	defer p.end()
	out.Report, err = a.check(ctx, p)
	return err
}
