// The part of ONNX's format that a network needs: messages of onnx.proto (names, numbers and types are the standard's), and
// how they become bytes. Arrays of numbers go into `raw_data`, little-endian.

import protobuf from 'protobufjs';
import { ResiduaError } from '../../errors.ts';

const schema = `
syntax = "proto2";
package onnx;

message ModelProto {
  optional int64 ir_version = 1;
  optional string producer_name = 2;
  optional string producer_version = 3;
  optional string doc_string = 6;
  optional GraphProto graph = 7;
  repeated OperatorSetIdProto opset_import = 8;
  repeated StringStringEntryProto metadata_props = 14;
}
message OperatorSetIdProto {
  optional string domain = 1;
  optional int64 version = 2;
}
message StringStringEntryProto {
  optional string key = 1;
  optional string value = 2;
}
message GraphProto {
  repeated NodeProto node = 1;
  optional string name = 2;
  repeated TensorProto initializer = 5;
  repeated ValueInfoProto input = 11;
  repeated ValueInfoProto output = 12;
}
message NodeProto {
  repeated string input = 1;
  repeated string output = 2;
  optional string name = 3;
  optional string op_type = 4;
  repeated AttributeProto attribute = 5;
}
message AttributeProto {
  enum AttributeType {
    FLOAT = 1;
    INT = 2;
    INTS = 7;
  }
  optional string name = 1;
  optional float f = 2;
  optional int64 i = 3;
  repeated int64 ints = 8;
  optional AttributeType type = 20;
}
message TensorProto {
  repeated int64 dims = 1;
  optional int32 data_type = 2;
  optional string name = 8;
  optional bytes raw_data = 9;
}
message ValueInfoProto {
  optional string name = 1;
  optional TypeProto type = 2;
}
message TypeProto {
  message Tensor {
    optional int32 elem_type = 1;
    optional TensorShapeProto shape = 2;
  }
  optional Tensor tensor_type = 1;
}
message TensorShapeProto {
  message Dimension {
    optional int64 dim_value = 1;
    optional string dim_param = 2;
  }
  repeated Dimension dim = 1;
}
`;

export interface ModelProto {
  readonly ir_version: number;
  readonly producer_name: string;
  readonly producer_version: string;
  readonly doc_string?: string;
  readonly graph: GraphProto;
  readonly opset_import: readonly { readonly domain: string; readonly version: number }[];
  readonly metadata_props: readonly { readonly key: string; readonly value: string }[];
}

export interface GraphProto {
  readonly name: string;
  /** In an order in which they can run. */
  readonly node: readonly NodeProto[];
  readonly initializer: readonly TensorProto[];
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
}

export interface NodeProto {
  readonly name: string;
  readonly op_type: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly AttributeProto[];
}

export type AttributeProto = { readonly name: string } & (
  | { readonly type: 1; readonly f: number }
  | { readonly type: 2; readonly i: number }
  | { readonly type: 7; readonly ints: readonly number[] }
);

export interface TensorProto {
  readonly name: string;
  readonly dims: readonly number[];
  /** 1: float32, 7: int64 */
  readonly data_type: 1 | 7;
  readonly raw_data: Uint8Array;
}

export interface ValueInfoProto {
  readonly name: string;
  readonly type: {
    readonly tensor_type: {
      readonly elem_type: 1;
      readonly shape: { readonly dim: readonly ({ readonly dim_value: number } | { readonly dim_param: string })[] };
    };
  };
}

/** protobuf's own limit for a message. */
const MAX_BYTES = 2 ** 31 - 1;

const root = protobuf.parse(schema, { keepCase: true }).root;

/** @throws ResiduaError beyond 2 GB, which an ONNX file can't have */
export function encodeModel(model: ModelProto): Uint8Array {
  const weights = model.graph.initializer.reduce((sum, { raw_data }) => sum + raw_data.length, 0);
  if (weights > MAX_BYTES) {
    throw new ResiduaError(`${weights} bytes of weights are too many for an ONNX file, which has at most 2 GB`, {
      hint: 'Export to safetensors.',
    });
  }
  const ModelProto = root.lookupType('onnx.ModelProto');
  return ModelProto.encode(ModelProto.fromObject(model)).finish();
}

/** @param whole for values without a fractional part: an INT, or INTS for a list */
export function attribute(name: string, value: number | readonly number[]): AttributeProto {
  return typeof value === 'number' ? { name, type: 2, i: value } : { name, type: 7, ints: value };
}

export function floatAttribute(name: string, value: number): AttributeProto {
  return { name, type: 1, f: value };
}

export function floats(name: string, dims: readonly number[], values: ArrayLike<number>): TensorProto {
  const data = values instanceof Float32Array ? values : Float32Array.from(values);
  return { name, dims, data_type: 1, raw_data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

export function integers(name: string, values: readonly number[]): TensorProto {
  const { buffer } = BigInt64Array.from(values, BigInt);
  return { name, dims: [values.length], data_type: 7, raw_data: new Uint8Array(buffer) };
}
