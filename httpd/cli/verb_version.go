package cli

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// versionReport says what is running, down to the libraries in it: with it, an
// operator answers "are we affected?" without the source.
type versionReport struct {
	Name     string          `json:"name"`
	Version  string          `json:"version"`
	Revision string          `json:"revision,omitempty"`
	Modified bool            `json:"modified,omitempty"`
	Go       string          `json:"go"`
	OS       string          `json:"os"`
	Arch     string          `json:"arch"`
	Modules  []moduleVersion `json:"modules"`
}

type moduleVersion struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Sum     string `json:"sum,omitempty"`
}

func verbVersion(env Env) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version [--json]",
		Short:   "Show the version, and with --json every library in this binary",
		GroupID: groupKeep,
		Args:    cobra.NoArgs,
		Example: `  penstock version           # one line
  penstock version --json    # with the libraries, for an inventory`,
		RunE: func(*cobra.Command, []string) error {
			v := readVersion()
			if !asJSON {
				_, err := fmt.Fprintf(env.Stdout, "penstock %s %s/%s %s\n", v.Version, v.OS, v.Arch, v.Go)
				return err
			}
			enc := json.NewEncoder(env.Stdout)
			enc.SetIndent("", "  ")
			return enc.Encode(v)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// readVersion reads what the Go tool wrote into the binary; nothing is stamped
// in by the linker, so that equal sources give equal binaries.
func readVersion() versionReport {
	v := versionReport{Name: "penstock", Version: "devel", Go: runtime.Version(),
		OS: runtime.GOOS, Arch: runtime.GOARCH, Modules: []moduleVersion{}}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if s := info.Main.Version; s != "" && s != "(devel)" {
		v.Version = s
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		v.Modules = append(v.Modules, moduleVersion{m.Path, m.Version, m.Sum})
	}
	return v
}
