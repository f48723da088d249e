package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"penstock/locker"
)

// lookPermissions looks at who may read, write and replace the appliance's
// files.
func (d *doctor) lookPermissions() {
	var dirs []string
	before := len(d.found)
	for _, f := range []struct {
		path Path
		what string
	}{{d.cfg.Store.Path, "store"}, {d.cfg.Store.KeysPath, "keyring"}, {d.cfg.Store.AnchorPath, "anchor"}} {
		if dir := filepath.Dir(string(f.path)); !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
			d.lookMode(dir, "directory", 0o700)
		}
		if f.what == "keyring" && !exists(string(f.path)) {
			d.problem("keyring", "put back the keyring that belongs to the store (the newest *.keys of the backups): without it no detail can be read",
				"there is no keyring at %s", f.path)
			continue
		}
		d.lookMode(string(f.path), f.what, 0o600)
	}
	if len(d.found) == before {
		d.ok("permissions", "the store, the keyring and their directories are closed to others")
	}
	d.lookSocket()
	d.lookAnchor()
}

// lookMode notes what is wrong with one file's owner and mode; one that isn't
// there is for others to note.
func (d *doctor) lookMode(path, what string, want fs.FileMode) {
	info, err := os.Stat(path)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			d.fault("permissions", "chmod "+fmt.Sprintf("%04o", want)+" "+path, err)
		}
		return
	}
	mend := fmt.Sprintf("chmod %04o %s", want, path)
	switch mode := info.Mode().Perm(); {
	case mode&0o022 != 0:
		d.problem("permissions", mend, "the %s %s can be written by others (mode %04o)", what, path, mode)
	case mode&0o077 != 0:
		d.warn("permissions", mend, "the %s %s is open to others (mode %04o)", what, path, mode)
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok && int(s.Uid) != os.Geteuid() {
		d.warn("permissions", fmt.Sprintf("run as its owner, e.g. sudo -u '#%d' penstock doctor; or chown it to the daemon's user", s.Uid),
			"the %s %s belongs to user %d, and this is user %d", what, path, s.Uid, os.Geteuid())
	}
}

// lookSocket looks at the door of the command line.
func (d *doctor) lookSocket() {
	path := d.cfg.SocketPath()
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if d.status == nil {
			d.ok("socket", "%s is made when the daemon starts", path)
		}
	case err != nil:
		d.fault("socket", "set admin.socket to where the daemon's user may write", err)
	case info.Mode().Type() != fs.ModeSocket:
		d.problem("socket", "move that file away, or set admin.socket", "%s is there and is no socket: the daemon can't start", path)
	case info.Mode().Perm()&0o077 != 0:
		d.problem("socket", "chmod 0600 "+path, "%s is open to others (mode %04o): whoever opens it may do anything", path, info.Mode().Perm())
	case d.status == nil:
		d.ok("socket", "%s was left by a daemon that was killed; the next start replaces it", path)
	default:
		d.ok("socket", "%s answers, and is closed to others", path)
	}
}

// lookAnchor reads the file that tells a store that was brought back.
func (d *doctor) lookAnchor() {
	path := string(d.cfg.Store.AnchorPath)
	head, err := (&anchorFile{path: path}).Load()
	switch {
	case err != nil:
		mend := "restore a backup, which looks before it sends"
		if next := new(nextError); errors.As(err, &next) {
			mend = next.next
		}
		d.fault("anchor", mend, err)
	case head.Ring == "":
		d.ok("anchor", "%s is made at the first start", path)
	default:
		d.ok("anchor", "%s is whole", path)
	}
}

// lookKeys looks at where the master key comes from, and who gets it with a
// copy of the store. Whether it fits the keyring only an opened locker tells.
func (d *doctor) lookKeys() {
	from := d.cfg.Locker.MasterKey
	switch from.Kind {
	case KeyFile:
		key, err := locker.MasterFromFile(from.Name)
		key.Wipe()
		if err != nil {
			mend := "put the key back at " + from.Name + " with mode 0600, or set locker.master_key to where it is"
			if info, statErr := os.Stat(from.Name); statErr == nil && info.Mode().Perm()&0o077 != 0 {
				mend = "chmod 0600 " + from.Name + "; if others may have read it: penstock rekey --master"
			}
			d.fault("master key", mend, err)
		} else {
			d.ok("master key", "%s is a key, and closed to others", from.Name)
		}
	case KeyCredential:
		d.lookCredential(from.Name)
	case KeyShares:
		d.ok("master key", "custodians hold it; after each start they open the locker: penstock unseal")
	default:
		d.ok("master key", "comes from a %s at the start", from.Kind)
	}
	d.lookBeside()
	d.lookAdminKey()
}

func (d *doctor) lookCredential(name string) {
	dir := d.env.Getenv("CREDENTIALS_DIRECTORY")
	switch {
	case d.status != nil && !d.status.Locker.Sealed:
		d.ok("master key", "the daemon has got its credential %s", name)
	case dir == "":
		d.warn("master key", "systemctl cat penstock | grep LoadCredential; ls -l /etc/penstock", "is a credential (%s), which only a unit of systemd gets", name)
	default:
		key, err := locker.MasterFromCredential(dir)
		key.Wipe()
		if err != nil {
			d.fault("master key", "the unit needs LoadCredential="+name+":PATH", err)
			return
		}
		d.ok("master key", "the credential %s is there", name)
	}
}

// lookBeside notes a master key that lies where the store or the keyring does.
func (d *doctor) lookBeside() {
	beside := ""
	if !masterApart(d.cfg) {
		beside = d.cfg.Locker.MasterKey.Name
	}
	for _, p := range []Path{d.cfg.Store.Path, d.cfg.Store.KeysPath} {
		left := filepath.Join(filepath.Dir(string(p)), locker.CredentialName)
		if key, err := readKeyFile(left); err == nil && beside == "" {
			key.Wipe()
			beside = left
		}
	}
	const mend = "move it elsewhere, set locker.master_key to file:PATH, credential:master.key or shares, and restart"
	switch {
	case beside == "":
		if d.cfg.Locker.MasterKey.Kind == KeyFile {
			d.ok("master key", "it does not lie beside the store")
		}
	case d.live > 0:
		d.problem("master key", mend, "%s lies beside the store while %s in use: whoever copies the directory can read every detail", beside, liveKeysAre(d.live))
	default:
		d.warn("master key", mend, "%s lies beside the store: whoever copies the directory can read every detail, and no live key is made", beside)
	}
}

func liveKeysAre(n int) string {
	if n == 1 {
		return "1 live key is"
	}
	return fmt.Sprintf("%d live keys are", n)
}

// lookAdminKey reads rest.admin_api_key as serve does, and shows nothing of it.
func (d *doctor) lookAdminKey() {
	if _, err := d.cfg.Rest.AdminAPIKey.Reveal(d.env.Environ); err != nil {
		d.fault("admin key", "set rest.admin_api_key to where the key is, or to nothing", fmt.Errorf("rest.admin_api_key: %w", err))
	}
}
