package inlab

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SatelliteRelease is the name of the satellite's release in every region.
const SatelliteRelease = "coder-satellite"

// MarkSatellite gives the record of a revision of the satellite's release
// another status, as Helm writes it: in the label and in the record itself.
func (l *Lab) MarkSatellite(ctx context.Context, region string, revision int, status string) error {
	access, err := l.Access(region)
	if err != nil {
		return err
	}
	secrets := access.Clientset().CoreV1().Secrets(SatelliteNamespace)
	secret, err := secrets.Get(ctx, fmt.Sprintf("sh.helm.release.v1.%s.v%d", SatelliteRelease, revision), metav1.GetOptions{})
	if err != nil {
		return err
	}
	secret.Labels["status"] = status
	if err := rewriteRecord(secret, func(record map[string]any) {
		record["info"].(map[string]any)["status"] = status
	}); err != nil {
		return err
	}
	_, err = secrets.Update(ctx, secret, metav1.UpdateOptions{})
	return err
}

// rewriteRecord changes a Helm record: base64 of gzip of JSON.
func rewriteRecord(secret *corev1.Secret, change func(map[string]any)) error {
	packed, err := base64.StdEncoding.DecodeString(string(secret.Data["release"]))
	if err != nil {
		return err
	}
	unzip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	text, err := io.ReadAll(unzip)
	if err != nil {
		return err
	}
	var record map[string]any
	if err := json.Unmarshal(text, &record); err != nil {
		return err
	}
	change(record)
	if text, err = json.Marshal(record); err != nil {
		return err
	}
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	_, err = zip.Write(text)
	if err := errors.Join(err, zip.Close()); err != nil {
		return err
	}
	secret.Data["release"] = []byte(base64.StdEncoding.EncodeToString(out.Bytes()))
	return nil
}
