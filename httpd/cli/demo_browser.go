package cli

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// demoPassword is drawn anew for each demo.
func demoPassword() (string, error) {
	raw := make([]byte, 10)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("draw a password: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(raw)), nil
}

// formField finds what a page's form has filled in already.
var formField = regexp.MustCompile(`<input[^>]* name="([a-z]+)"[^>]* value="([^"]*)"`)

// setUp follows a one-time link and fills its form in, as a person does.
func setUp(ctx context.Context, link, name, password string) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return fmt.Errorf("keep cookies: %w", err)
	}
	browser := &http.Client{Jar: jar, Timeout: 15 * time.Second}
	page, err := visit(ctx, browser, http.MethodGet, link, nil)
	if err != nil {
		return err
	}
	form := url.Values{}
	for _, m := range formField.FindAllStringSubmatch(page, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	form.Set("name", name)
	form.Set("password", password)
	page, err = visit(ctx, browser, http.MethodPost, link, form)
	if err == nil && !strings.Contains(page, "Log out") {
		err = fmt.Errorf("the one-time link did not log anybody in")
	}
	return err
}

// visit reads one page, following where it leads.
func visit(ctx context.Context, browser *http.Client, method, address string, form url.Values) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("open the dashboard: %w", err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := browser.Do(req)
	if err != nil {
		return "", fmt.Errorf("open the dashboard: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", fmt.Errorf("read the dashboard's page: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the dashboard answered %s", resp.Status)
	}
	return string(text), nil
}
