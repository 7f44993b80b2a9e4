package report

import (
	"bytes"
	"context"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// browse loads the page in Chromium, which can resolve no host name except this machine's, and
// returns what Chromium printed. The page's console must stay empty.
func browse(t *testing.T, url string, flags ...string) string {
	t.Helper()
	var chromium string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			chromium = path
			break
		}
	}
	if chromium == "" {
		if os.Getenv("CODER_SATELLITE_BROWSER") != "" {
			t.Fatal("there is no Chromium on the PATH: apt-get install chromium")
		}
		t.Skip("there is no Chromium on the PATH; make test-browser fails without one")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, chromium, append([]string{
		"--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--user-data-dir=" + t.TempDir(),
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--enable-logging=stderr", "--v=0",
	}, append(flags, url)...)...)
	var out, errOut bytes.Buffer
	command.Stdout, command.Stderr = &out, &errOut
	command.WaitDelay = time.Second
	if err := command.Run(); err != nil {
		t.Fatalf("%v:\n%s", err, errOut.String())
	}
	for line := range strings.Lines(errOut.String()) {
		if strings.Contains(line, "CONSOLE") {
			t.Errorf("the console says: %s", line)
		}
	}
	return out.String()
}

// The page in a browser: it renders without errors at the widths of a phone and a desktop, light
// and dark. It requests nothing except itself, and everything that is not text has an accessible
// name.
func TestInBrowser(t *testing.T) {
	dir := os.Getenv("CODER_SATELLITE_SCREENSHOTS") // keeps the screenshots there for inspection
	if dir == "" {
		dir = t.TempDir()
	}
	var mu sync.Mutex
	var asked []string
	pages := map[string]string{
		"/fleet": written(t, reportOf(t, documents(200)...), "html"), "/few": written(t, reportOf(t, documents(6)...), "html"),
		"/hostile": written(t, reportOf(t, withHostileTexts(documents(2))...), "html"),
		"/live":    written(t, &Report{Live: true, Events: reportOf(t, documents(6)[4:14]...).Events}, "html"),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.Path)
		mu.Unlock()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(pages[r.URL.Path]))
	}))
	defer server.Close()
	for path := range pages {
		dom := browse(t, server.URL+path, "--dump-dom")
		if !strings.Contains(dom, "<h1>") || strings.Contains(dom, "<script") {
			t.Errorf("%s was not rendered as it is:\n%.500s", path, dom)
		}
		for _, image := range regexp.MustCompile(`<svg[^>]*>`).FindAllString(dom, -1) {
			if !strings.Contains(image, "aria-label=\"") && !strings.Contains(image, `aria-hidden="true"`) {
				t.Errorf("%s: it has no name: %s", path, image)
			}
		}
	}
	shots := []struct{ path, width, scheme string }{
		{"/fleet", "1280", "light"}, {"/fleet", "400", "dark"}, {"/few", "1280", "dark"}, {"/few", "400", "light"}, {"/live", "1280", "light"},
	}
	for _, shot := range shots {
		file := filepath.Join(dir, strings.TrimPrefix(shot.path, "/")+"-"+shot.width+"-"+shot.scheme+".png")
		browse(t, server.URL+shot.path, "--screenshot="+file, "--window-size="+shot.width+",2400",
			"--blink-settings=preferredColorScheme="+map[string]string{"dark": "0", "light": "1"}[shot.scheme])
		background(t, file, shot.scheme == "dark")
	}
	mu.Lock()
	defer mu.Unlock()
	if loads := len(pages) + len(shots); len(asked) != loads {
		t.Errorf("%d loads made %d requests: %v", loads, len(asked), asked)
	}
}

// background fails the test unless the screenshot's corner is dark, or light, as requested.
func background(t *testing.T, file string, dark bool) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	shot, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	red, _, _, _ := shot.At(2, 2).RGBA()
	if isDark := red < 0x8000; isDark != dark {
		t.Errorf("%s: dark is %t", file, isDark)
	}
}
