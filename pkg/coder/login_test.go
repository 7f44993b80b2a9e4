package coder_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// stored writes a login as the Coder CLI does. An empty text writes no file.
func stored(t *testing.T, url, session string, under ...string) (base string) {
	t.Helper()
	base = t.TempDir()
	dir := filepath.Join(append([]string{base}, under...)...)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"url": url, "session": session} {
		if text == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return base
}

type found struct{ URL, Token, Source string }

func find(t *testing.T, goos, url, tokenFile string, env map[string]string) (found, error) {
	t.Helper()
	got, err := coder.FindLogin(coder.LoginOptions{
		URL: url, TokenFile: tokenFile, GOOS: goos, Getenv: func(name string) string { return env[name] },
	})
	return found{got.URL, got.Token.Reveal(), got.Source}, err
}

func TestFindLogin(t *testing.T) {
	const a, b = "https://a.example.com", "https://b.example.com"
	cli := func(url, session string) map[string]string {
		return map[string]string{"XDG_CONFIG_HOME": stored(t, url, session, "coder")}
	}
	with := func(env map[string]string, more ...string) map[string]string {
		all := map[string]string{}
		for name, value := range env {
			all[name] = value
		}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	file := write(t, "token", " from-file\n")
	for _, test := range []struct {
		name, url, tokenFile string
		env                  map[string]string
		want                 found
		err                  string
	}{
		{name: "flags", url: a, tokenFile: file, env: with(nil, "CODER_URL", b, "CODER_TOKEN", "from-env"),
			want: found{a, "from-file", "--coder-url and --coder-token-file"}},
		{name: "environment", env: with(cli(b, "from-cli"), "CODER_URL", a, "CODER_TOKEN", "from-env"),
			want: found{a, "from-env", "CODER_URL and CODER_TOKEN"}},
		{name: "environment with line ends", env: with(nil, "CODER_URL", a+"\n", "CODER_TOKEN", " from-env\r\n"),
			want: found{a, "from-env", "CODER_URL and CODER_TOKEN"}},
		{name: "URL alone in the environment", env: with(cli(b, "from-cli"), "CODER_URL", a), want: found{b, "from-cli", "the Coder CLI's login in *"}},
		{name: "token alone in the environment", env: with(cli(b, "from-cli"), "CODER_TOKEN", "x"), want: found{b, "from-cli", "the Coder CLI's login in *"}},
		{name: "CLI", env: cli(a+"\n", "from-cli\n"), want: found{a, "from-cli", "the Coder CLI's login in *"}},
		{name: "CLI, the same URL named", url: "https://A.example.com/", env: cli(a, "from-cli"), want: found{a, "from-cli", "the Coder CLI's login in *"}},
		{name: "CLI, another URL named", url: b, env: cli(a, "from-cli"), err: "no token for " + b},
		{name: "CLI, another port named", url: a + ":8443", env: cli(a, "from-cli"), err: "no token for"},
		{name: "environment, another URL named", url: b, env: with(nil, "CODER_URL", a, "CODER_TOKEN", "from-env"), err: "no token for " + b},
		{name: "token file and the CLI's URL", tokenFile: file, env: cli(a, "from-cli"), want: found{a, "from-file", "--coder-token-file and the URL of the Coder CLI's login in *"}},
		{name: "token file and the environment's URL", tokenFile: file, env: with(nil, "CODER_URL", a, "CODER_TOKEN", "x"),
			want: found{a, "from-file", "--coder-token-file and the URL of CODER_URL and CODER_TOKEN"}},
		{name: "CLI without session", env: cli(a, ""), err: "there is no token for " + a},
		{name: "CLI with an empty session", env: cli(a, "\n"), err: "there is no token for " + a},
		{name: "CLI without URL", env: cli("", "from-cli"), err: "no login to Coder was found"},
		{name: "nothing", err: "no login to Coder was found"},
		{name: "token file alone", tokenFile: file, err: "no login to Coder was found"},
		{name: "URL alone", url: a, err: "no token for " + a},
		{name: "URL with a password", url: "https://ann:hush@a.example.com", err: "no token for https://a.example.com"},
		{name: "token file missing", url: a, tokenFile: "/none/at/all", err: "/none/at/all"},
		{name: "token file empty", url: a, tokenFile: write(t, "token", " \n"), err: "is empty"},
		{name: "token file too long", url: a, tokenFile: write(t, "token", strings.Repeat("hush", 5000)), err: "longer than 16 KiB"},
		{name: "token file is a folder", url: a, tokenFile: t.TempDir(), err: "cannot be read"},
		{name: "CLI's URL too long", env: cli(strings.Repeat("hush", 5000), "x"), err: "the Coder CLI's login cannot be read"},
		{name: "CLI's session too long", env: cli(a, strings.Repeat("hush", 5000)), err: "the Coder CLI's login cannot be read"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := find(t, "linux", test.url, test.tokenFile, test.env)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), "hush") {
					t.Errorf("%+v, %v", got, err)
				}
				return
			}
			test.want.Source = strings.Replace(test.want.Source, "*", filepath.Join(test.env["XDG_CONFIG_HOME"], "coder"), 1)
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
	if _, err := find(t, "linux", a, "/none/at/all", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v is not os.ErrNotExist", err)
	}
}

// The folder where the Coder CLI keeps its login, by operating system.
func TestLoginFolder(t *testing.T) {
	const url = "https://a.example.com"
	for _, test := range []struct {
		goos, variable string
		under          []string
	}{
		{"linux", "XDG_CONFIG_HOME", []string{"coder"}},
		{"linux", "HOME", []string{".config", "coder"}},
		{"freebsd", "HOME", []string{".config", "coder"}},
		{"darwin", "HOME", []string{"Library", "Application Support", "coder"}},
		{"windows", "APPDATA", []string{"coder"}},
	} {
		base := stored(t, url, "from-cli", test.under...)
		got, err := find(t, test.goos, "", "", map[string]string{test.variable: base})
		want := found{url, "from-cli", "the Coder CLI's login in " + filepath.Join(append([]string{base}, test.under...)...)}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s, %s: %v (-want +got):\n%s", test.goos, test.variable, err, diff)
		}
		for _, other := range []string{"linux", "darwin", "windows"} {
			if other == test.goos || test.goos == "freebsd" {
				continue
			}
			if got, err := find(t, other, "", "", map[string]string{test.variable: base}); err == nil {
				t.Errorf("%s finds the login of %s: %+v", other, test.goos, got)
			}
		}
	}
	if got, err := find(t, "linux", "", "", map[string]string{
		"XDG_CONFIG_HOME": stored(t, "", ""), "HOME": stored(t, url, "x", ".config", "coder"),
	}); err == nil {
		t.Errorf("looks into HOME although XDG_CONFIG_HOME is set: %+v", got)
	}
}
