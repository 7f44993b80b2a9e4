package coder

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const maxLoginFile = 16 << 10

// Login is where the primary is and how to authenticate to it.
type Login struct {
	URL    string
	Token  Token
	Source string // where both were found
}

// LoginOptions say where to look for a login.
type LoginOptions struct {
	URL, TokenFile string              // the operator's flags; may be empty
	Getenv         func(string) string // reads the environment
	GOOS           string              // the operating system, as in runtime.GOOS
}

// FindLogin finds the primary's URL and a token: the operator's flags, else CODER_URL and CODER_TOKEN, else the login
// that the Coder CLI keeps (coder-cli, internal/config). It takes a URL and a token from the environment or the CLI only
// together: a token must not go to another deployment.
func FindLogin(options LoginOptions) (Login, error) {
	login := Login{URL: options.URL, Source: "--coder-url and --coder-token-file"}
	if options.TokenFile != "" {
		token, err := readLoginFile(options.TokenFile)
		if err != nil {
			return Login{}, fmt.Errorf("the token file cannot be read: %w", err)
		}
		if token == "" {
			return Login{}, fmt.Errorf("the token file %s is empty", options.TokenFile)
		}
		login.Token = Token(token)
	}
	if login.URL != "" && login.Token != "" {
		return login, nil
	}
	found, err := storedLogin(options)
	if err != nil {
		return Login{}, err
	}
	switch {
	case found.URL == "" && login.URL == "":
		return Login{}, errors.New("no login to Coder was found: log in with `coder login https://coder.example.com`, " +
			"set CODER_URL and CODER_TOKEN, or give --coder-url and --coder-token-file")
	case login.Token != "":
		login.URL, login.Source = found.URL, "--coder-token-file and the URL of "+found.Source
		return login, nil
	case login.URL != "" && !SameURL(login.URL, found.URL):
		return Login{}, fmt.Errorf("no token for %[1]s was found: log in with `coder login %[1]s`, or give one with --coder-token-file",
			shownURL(login.URL))
	case found.Token == "":
		return Login{}, fmt.Errorf("there is no token for %[1]s: log in with `coder login %[1]s`, or give one with --coder-token-file",
			shownURL(found.URL))
	}
	return found, nil
}

func storedLogin(options LoginOptions) (Login, error) {
	fromEnv := func(name string) string { return strings.TrimSpace(options.Getenv(name)) }
	if url, token := fromEnv("CODER_URL"), fromEnv("CODER_TOKEN"); url != "" && token != "" {
		return Login{URL: url, Token: Token(token), Source: "CODER_URL and CODER_TOKEN"}, nil
	}
	dir := configDir(options)
	if dir == "" {
		return Login{}, nil
	}
	url, err := readLoginFile(filepath.Join(dir, "url"))
	if errors.Is(err, os.ErrNotExist) {
		return Login{}, nil
	}
	if err != nil {
		return Login{}, fmt.Errorf("the Coder CLI's login cannot be read: %w", err)
	}
	token, err := readLoginFile(filepath.Join(dir, "session"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return Login{}, fmt.Errorf("the Coder CLI's login cannot be read: %w", err)
	}
	return Login{URL: url, Token: Token(token), Source: "the Coder CLI's login in " + dir}, nil
}

func configDir(options LoginOptions) string {
	under := func(variable string, elements ...string) string {
		if base := options.Getenv(variable); base != "" {
			return filepath.Join(append([]string{base}, elements...)...)
		}
		return ""
	}
	switch options.GOOS {
	case "windows":
		return under("APPDATA", "coder")
	case "darwin":
		return under("HOME", "Library", "Application Support", "coder")
	default:
		if dir := under("XDG_CONFIG_HOME", "coder"); dir != "" {
			return dir
		}
		return under("HOME", ".config", "coder")
	}
}

func readLoginFile(name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, maxLoginFile+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxLoginFile {
		return "", fmt.Errorf("%s is longer than %d KiB: name the right file", name, maxLoginFile>>10)
	}
	return strings.TrimSpace(string(data)), nil
}
