package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"debug/buildinfo"
	"debug/elf"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// root is the repository, from this package.
const root = "../.."

// built returns the image that `make image` made. Its tests run with `make test-image`.
func built(t *testing.T) (tag string, index v1.ImageIndex) {
	t.Helper()
	dir := os.Getenv("CODER_SATELLITE_IMAGE")
	if dir == "" {
		t.Skip("CODER_SATELLITE_IMAGE names no image; run: make test-image")
	}
	return open(t, dir)
}

// imageFor returns the image that a node of the architecture runs.
func imageFor(t *testing.T, index v1.ImageIndex, arch string) v1.Image {
	t.Helper()
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, descriptor := range manifest.Manifests {
		if descriptor.Platform.OS == "linux" && descriptor.Platform.Architecture == arch {
			if descriptor.ArtifactType != "" {
				t.Errorf("the image for %s has the artifactType %q: tools may take it for something else", arch, descriptor.ArtifactType)
			}
			image, err := index.Image(descriptor.Digest)
			if err != nil {
				t.Fatal(err)
			}
			return image
		}
	}
	t.Fatalf("no image for linux/%s in %+v", arch, manifest.Manifests)
	return nil
}

// TestBuiltTwice builds everything again, in another folder, and compares the digests.
func TestBuiltTwice(t *testing.T) {
	tag, index := built(t)
	want, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	command := func(dir string, args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir = dir
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, stderr.String())
		}
		return string(out)
	}
	if changes := command(sources, "git", "status", "--porcelain"); changes == "" {
		clone := filepath.Join(t.TempDir(), "clone")
		command(sources, "git", "clone", "--quiet", "--shared", ".", clone)
		sources = clone
	} else {
		t.Logf("built again in the same folder, since a clone would lack changes that are not committed:\n%s", changes)
	}
	out := t.TempDir()
	for _, arch := range []string{"amd64", "arm64"} {
		command(sources, "go", "run", "./test/dist", "-version", tag, "-platforms", "linux/"+arch, "-out", filepath.Join(out, "linux-"+arch))
	}
	image := filepath.Join(out, "image")
	t.Log(command(filepath.Join(sources, "test", "image"), "go", "run", ".", "-version", tag, "-releases", out, "-out", image))
	_, again := open(t, image)
	got, err := again.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("the digest is %s the second time, and was %s", got, want)
	}
}

func TestConfig(t *testing.T) {
	tag, index := built(t)
	for _, arch := range []string{"amd64", "arm64"} {
		image := imageFor(t, index, arch)
		if err := validate.Image(image); err != nil {
			t.Errorf("%s: %v", arch, err)
		}
		download, unpacked, err := sizes(image)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("linux/%s: %d bytes to download, %d unpacked", arch, download, unpacked)
		file, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		labels := file.Config.Labels
		want := v1.Config{
			User:       "65532:65532",
			Entrypoint: []string{"/usr/local/bin/kubectl-coder_satellite"},
			Env:        []string{"PATH=/usr/local/bin", "HOME=/tmp", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"},
			WorkingDir: "/",
			Labels:     labels,
		}
		if diff := cmp.Diff(want, file.Config); diff != "" {
			t.Errorf("config of %s (-want +got):\n%s", arch, diff)
		}
		if file.OS != "linux" || file.Architecture != arch {
			t.Errorf("the config is of %s/%s, want linux/%s", file.OS, file.Architecture, arch)
		}
		const prefix = "org.opencontainers.image."
		if got := labels[prefix+"version"]; got != tag {
			t.Errorf("the label version is %q, want %q", got, tag)
		}
		if got := strings.TrimSuffix(labels[prefix+"revision"], "-dirty"); len(got) != 40 {
			t.Errorf("the label revision is %q, want a commit", got)
		}
		for _, label := range []string{"title", "description", "created", "source", "url", "documentation", "licenses"} {
			if labels[prefix+label] == "" {
				t.Errorf("no label %s", label)
			}
		}
		manifest, err := image.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(labels, manifest.Annotations); diff != "" {
			t.Errorf("annotations against labels of %s:\n%s", arch, diff)
		}
		if manifest.MediaType != types.OCIManifestSchema1 || manifest.Config.MediaType != types.OCIConfigJSON {
			t.Errorf("types %s and %s, want those of OCI", manifest.MediaType, manifest.Config.MediaType)
		}
	}
}

// TestFiles: what is in the image, and nothing else, above all no shell; and that the plugin needs no library.
func TestFiles(t *testing.T) {
	_, index := built(t)
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	for arch, machine := range machines {
		dir := unpack(t, imageFor(t, index, arch))
		want := map[string]string{
			"etc": "drwxr-xr-x", "etc/group": "-rw-r--r--", "etc/passwd": "-rw-r--r--",
			"etc/ssl": "drwxr-xr-x", "etc/ssl/certs": "drwxr-xr-x", "etc/ssl/certs/ca-certificates.crt": "-rw-r--r--",
			"tmp": "dtrwxrwxrwx",
			"usr": "drwxr-xr-x", "usr/local": "drwxr-xr-x", "usr/local/bin": "drwxr-xr-x",
			"usr/local/bin/kubectl-coder_satellite": "-rwxr-xr-x",
			"usr/share":                             "drwxr-xr-x", "usr/share/licenses": "drwxr-xr-x",
			"usr/share/licenses/kubectl-coder_satellite":         "drwxr-xr-x",
			"usr/share/licenses/kubectl-coder_satellite/LICENSE": "-rw-r--r--",
		}
		if diff := cmp.Diff(want, list(t, dir)); diff != "" {
			t.Errorf("files of %s (-want +got):\n%s", arch, diff)
		}
		binary, err := elf.Open(filepath.Join(dir, entrypoint))
		if err != nil {
			t.Fatal(err)
		}
		if binary.Machine != machine {
			t.Errorf("%s: the plugin is for %s", arch, binary.Machine)
		}
		if libraries, err := binary.ImportedLibraries(); err != nil || len(libraries) > 0 {
			t.Errorf("%s: the plugin needs the libraries %v (%v)", arch, libraries, err)
		}
		for _, segment := range binary.Progs {
			if segment.Type == elf.PT_INTERP {
				t.Errorf("%s: the plugin needs a loader, which the image lacks", arch)
			}
		}
		if err := binary.Close(); err != nil {
			t.Error(err)
		}
		if arch == "amd64" {
			roots := x509.NewCertPool()
			text, err := os.ReadFile(filepath.Join(dir, certificatesFile))
			if err != nil {
				t.Fatal(err)
			}
			if !roots.AppendCertsFromPEM(text) || bytes.Count(text, []byte("BEGIN CERTIFICATE")) < 100 {
				t.Errorf("%s has no 100 roots", certificatesFile)
			}
		}
	}
}

// TestBillInRegistry pushes the image to a registry and asks it, as tools do, for the bill of materials of each
// platform. The bill lists what the platform's binary says was linked into it.
func TestBillInRegistry(t *testing.T) {
	tag, index := built(t)
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true),
		registry.Logger(slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo))))
	defer server.Close()
	ref, err := name.ParseReference(strings.TrimPrefix(server.URL, "http://") + "/coder-satellite:" + tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, index); err != nil {
		t.Fatal(err)
	}
	for _, arch := range []string{"amd64", "arm64"} {
		pulled, err := remote.Image(ref, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: arch}))
		if err != nil {
			t.Fatal(err)
		}
		digest, err := pulled.Digest()
		if err != nil {
			t.Fatal(err)
		}
		referrers, err := remote.Referrers(ref.Context().Digest(digest.String()))
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := referrers.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		if len(manifest.Manifests) != 1 {
			t.Fatalf("%s: referrers are %+v, want one bill of materials", arch, manifest.Manifests)
		}
		artifact, err := remote.Image(ref.Context().Digest(manifest.Manifests[0].Digest.String()))
		if err != nil {
			t.Fatal(err)
		}
		compareBill(t, arch, artifact, filepath.Join(unpack(t, pulled), entrypoint))
	}
}

func compareBill(t *testing.T, arch string, artifact v1.Image, binary string) {
	t.Helper()
	manifest, err := artifact.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.ArtifactType != "application/vnd.cyclonedx+json" {
		t.Errorf("%s: the bill is of type %q", arch, manifest.ArtifactType)
	}
	layers, err := artifact.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%s: the bill has %d layers (%v), want 1", arch, len(layers), err)
	}
	content, err := layers[0].Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	type component struct {
		Name, Version string
		Properties    []struct{ Name, Value string }
	}
	var document struct {
		BOMFormat  string
		Metadata   struct{ Component component }
		Components []component
	}
	if err := json.NewDecoder(content).Decode(&document); err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	if document.BOMFormat != "CycloneDX" || document.Metadata.Component.Name != info.Main.Path {
		t.Errorf("%s: %s of %q, want CycloneDX of %q", arch, document.BOMFormat, document.Metadata.Component.Name, info.Main.Path)
	}
	want := map[string]string{"std": info.GoVersion}
	for _, module := range info.Deps {
		want[module.Path] = module.Version + " " + module.Sum
	}
	got := map[string]string{}
	for _, c := range document.Components {
		got[c.Name] = c.Version
		for _, p := range c.Properties {
			got[c.Name] += " " + p.Value
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("modules of %s (-binary +bill):\n%s", arch, diff)
	}
	for _, module := range []string{"helm.sh/helm/v3", "k8s.io/client-go"} {
		if !strings.Contains(got[module], " h1:") {
			t.Errorf("%s: the bill has %q for %s, want its version and sum", arch, got[module], module)
		}
	}
	t.Logf("linux/%s: %d modules", arch, len(got))
}

// unpack writes the files of all layers to a new folder.
func unpack(t *testing.T, image v1.Image) string {
	t.Helper()
	dir := t.TempDir()
	content := mutate.Extract(image)
	defer content.Close()
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Gid != 0 {
			t.Errorf("%s belongs to %d:%d, want root", header.Name, header.Uid, header.Gid)
		}
		path := filepath.Join(dir, header.Name)
		if header.Typeflag == tar.TypeDir {
			err = os.Mkdir(path, 0o755)
		} else {
			var packed []byte
			if packed, err = io.ReadAll(archive); err == nil {
				err = os.WriteFile(path, packed, 0o600)
			}
		}
		// The mode apart, as the process's umask would change it.
		if err := errors.Join(err, os.Chmod(path, header.FileInfo().Mode())); err != nil {
			t.Fatal(err)
		}
	}
}

// list returns the modes of all files and folders below dir, by path.
func list(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(dir, path)
		found[relative] = info.Mode().String()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
