//go:build linux

package scale

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/kubernetes/scheme"
)

const kindProtobuf = "application/vnd.kubernetes.protobuf"

// template is an answer of an API server that differs between virtual regions.
type template struct {
	status int
	header http.Header
	plain  []byte // the answer, if it is the same in all regions
	object runtime.Object
	kinds  *runtime.Scheme
	kind   schema.GroupVersionKind
}

func newTemplate(e exchange) (template, error) {
	made := template{status: e.status, header: e.header, plain: e.body}
	if e.header.Get("Content-Type") != kindProtobuf {
		return made, nil
	}
	kinds := runtime.NewScheme()
	if err := errors.Join(scheme.AddToScheme(kinds), metav1.AddMetaToScheme(kinds)); err != nil {
		return made, err
	}
	object, kind, err := protobuf.NewSerializer(kinds, kinds).Decode(e.body, nil, nil)
	if err != nil {
		return made, err
	}
	made.kinds, made.kind = kinds, *kind
	made.object = object
	return made, err
}

// render returns the answer with its words replaced. This includes the content of Helm records of
// satellites. Records of legacy releases stay the same everywhere, because their backups contain
// checksums of them.
func (t template) render(words *strings.Replacer) ([]byte, error) {
	if t.object == nil {
		return t.plain, nil
	}
	object := t.object.DeepCopyObject()
	switch found := object.(type) {
	case *corev1.Secret:
		if err := replaceData(found, words); err != nil {
			return nil, err
		}
	case *corev1.SecretList:
		for i := range found.Items {
			if err := replaceData(&found.Items[i], words); err != nil {
				return nil, err
			}
		}
	}
	data, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	replaced, err := t.kinds.New(t.kind)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(words.Replace(string(data))), replaced); err != nil {
		return nil, err
	}
	var encoded bytes.Buffer
	replaced.GetObjectKind().SetGroupVersionKind(t.kind)
	err = protobuf.NewSerializer(t.kinds, t.kinds).Encode(replaced, &encoded)
	return encoded.Bytes(), err
}

// replaceData replaces words in the data of a Secret.
func replaceData(secret *corev1.Secret, words *strings.Replacer) error {
	for name, value := range secret.Data {
		if name != "release" {
			secret.Data[name] = []byte(words.Replace(string(value)))
			continue
		}
		if strings.Contains(secret.Name, "workspace-provider") {
			continue
		}
		packed, err := base64.StdEncoding.DecodeString(string(value))
		if err != nil {
			return err
		}
		reader, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return err
		}
		release, err := io.ReadAll(reader)
		if err != nil {
			return err
		}
		var repacked bytes.Buffer
		writer := gzip.NewWriter(&repacked)
		_, err = writer.Write([]byte(words.Replace(string(release))))
		if err := errors.Join(err, writer.Close()); err != nil {
			return err
		}
		secret.Data[name] = []byte(base64.StdEncoding.EncodeToString(repacked.Bytes()))
	}
	return nil
}
