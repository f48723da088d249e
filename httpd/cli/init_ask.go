package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// setting is what init needs to know.
type setting struct{ dir, listen, email string }

// question asks for one part of it.
type question struct {
	text, standard string
	check          func(string) error
	into           *string
}

// maxAsked is how often one question is asked.
const maxAsked = 5

// onTerminal says that a person types.
func onTerminal(env Env) bool {
	f, ok := env.Stdin.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// askSetting asks a person what was not given by flags. An empty line takes what
// stands in brackets; what can't be is said and asked for again.
func askSetting(in io.Reader, out io.Writer, s setting) (setting, error) {
	lines := bufio.NewScanner(io.LimitReader(in, 1<<16))
	fmt.Fprintln(out, "A directory with configuration, keys and store is made. Enter takes what stands in brackets; ^C leaves everything as it is.")
	for _, q := range []question{
		{"Directory", "./pay", freeDir, &s.dir},
		{"Address to serve on (0.0.0.0:8443 is reachable from elsewhere)", "127.0.0.1:8080", checkListen, &s.listen},
		{"Your e-mail, to log in with", "owner@localhost", checkOwner, &s.email},
	} {
		if err := q.ask(lines, out); err != nil {
			return setting{}, err
		}
	}
	return s, nil
}

func (q question) ask(lines *bufio.Scanner, out io.Writer) error {
	if *q.into != "" { // a flag has answered it
		return nil
	}
	for range maxAsked {
		fmt.Fprintf(out, "%s [%s]: ", q.text, q.standard)
		if !lines.Scan() {
			fmt.Fprintln(out)
			return errors.Join(usage(errors.New("the questions were not answered, and nothing was made")), lines.Err())
		}
		text := strings.TrimSpace(lines.Text())
		if text == "" {
			text = q.standard
		}
		if err := q.check(text); err != nil {
			fmt.Fprintf(out, "  %v\n", err)
			continue
		}
		*q.into = text
		return nil
	}
	return usage(errors.New("too many answers that can't be; nothing was made"))
}

func checkListen(text string) error {
	if !listenAddress(text) {
		return fmt.Errorf(`wants HOST:PORT, HOST an address, "localhost" or empty for all; got %q`, clip(text))
	}
	return nil
}

// checkOwner is the engine's rule for addresses, held to before anything is made.
func checkOwner(text string) error {
	if n := len(text); n < 3 || n > 254 || !strings.Contains(text, "@") || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' }) {
		return fmt.Errorf("an e-mail address has an @, no spaces, and at most 254 characters; got %q", clip(text))
	}
	return nil
}

// freeDir says whether a directory is new or empty.
func freeDir(text string) error {
	entries, err := os.ReadDir(text)
	if err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty, and is left as it is", clip(text))
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("can't be used: %w", err)
	}
	return nil
}
