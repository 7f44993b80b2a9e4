package meddle

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// DecodeRecord decodes a release record from Helm's Secret.
func DecodeRecord(data []byte) (map[string]any, error) {
	packed, err := base64.StdEncoding.DecodeString(string(data))
	if err != nil {
		return nil, err
	}
	unzip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(unzip)
	if err != nil {
		return nil, err
	}
	var content map[string]any
	err = json.Unmarshal(text, &content)
	return content, err
}

// EncodeRecord encodes a release record for Helm's Secret.
func EncodeRecord(content map[string]any) ([]byte, error) {
	text, err := json.Marshal(content)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	if _, err := zip.Write(text); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return []byte(base64.StdEncoding.EncodeToString(packed.Bytes())), nil
}

// LegacyResource is the resource of an object in inlab.LegacyObjects.
func LegacyResource(name string) (resource schema.GroupVersionResource, object string) {
	kind, object, _ := strings.Cut(name, "/")
	return map[string]schema.GroupVersionResource{
		"serviceaccount": {Version: "v1", Resource: "serviceaccounts"},
		"role":           {Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "roles"},
		"rolebinding":    {Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "rolebindings"},
		"deployment":     {Group: "apps", Version: "v1", Resource: "deployments"},
		"service":        {Version: "v1", Resource: "services"},
	}[kind], object
}

// LegacyObject reads an object in inlab.LegacyObjects.
func (v *View) LegacyObject(ctx context.Context, name string) (*unstructured.Unstructured, error) {
	resource, object := LegacyResource(name)
	return v.Direct.Dynamic().Resource(resource).Namespace(v.Namespace).Get(ctx, object, metav1.GetOptions{})
}
