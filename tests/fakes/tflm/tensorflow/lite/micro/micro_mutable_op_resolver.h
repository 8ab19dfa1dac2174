/* A stand-in for TensorFlow Lite Micro's header: the registrations of its resolver, by the names that it gives them
 * (tensorflow/lite/micro/micro_mutable_op_resolver.h), and its promise that only so many fit and none fits twice. */
#ifndef FAKE_MICRO_MUTABLE_OP_RESOLVER_H
#define FAKE_MICRO_MUTABLE_OP_RESOLVER_H

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };

namespace tflite {

class MicroOpResolver {
   public:
    virtual ~MicroOpResolver() {}
    virtual unsigned registered() const = 0;
};

template <unsigned int tOpCount>
class MicroMutableOpResolver : public MicroOpResolver {
   public:
    unsigned registered() const override { return count_; }

#define FAKE_METHOD(name) \
    TfLiteStatus name() { return Take(#name); }
    FAKE_METHOD(AddAbs)
    FAKE_METHOD(AddAdd)
    FAKE_METHOD(AddAddN)
    FAKE_METHOD(AddArgMax)
    FAKE_METHOD(AddArgMin)
    FAKE_METHOD(AddAssignVariable)
    FAKE_METHOD(AddAveragePool2D)
    FAKE_METHOD(AddBatchMatMul)
    FAKE_METHOD(AddBatchToSpaceNd)
    FAKE_METHOD(AddBroadcastArgs)
    FAKE_METHOD(AddBroadcastTo)
    FAKE_METHOD(AddCallOnce)
    FAKE_METHOD(AddCast)
    FAKE_METHOD(AddCeil)
    FAKE_METHOD(AddConcatenation)
    FAKE_METHOD(AddConv2D)
    FAKE_METHOD(AddCos)
    FAKE_METHOD(AddCumSum)
    FAKE_METHOD(AddDepthToSpace)
    FAKE_METHOD(AddDepthwiseConv2D)
    FAKE_METHOD(AddDequantize)
    FAKE_METHOD(AddDiv)
    FAKE_METHOD(AddElu)
    FAKE_METHOD(AddEqual)
    FAKE_METHOD(AddExp)
    FAKE_METHOD(AddExpandDims)
    FAKE_METHOD(AddFill)
    FAKE_METHOD(AddFloor)
    FAKE_METHOD(AddFloorDiv)
    FAKE_METHOD(AddFloorMod)
    FAKE_METHOD(AddFullyConnected)
    FAKE_METHOD(AddGather)
    FAKE_METHOD(AddGatherNd)
    FAKE_METHOD(AddGreater)
    FAKE_METHOD(AddGreaterEqual)
    FAKE_METHOD(AddHardSwish)
    FAKE_METHOD(AddIf)
    FAKE_METHOD(AddL2Normalization)
    FAKE_METHOD(AddL2Pool2D)
    FAKE_METHOD(AddLeakyRelu)
    FAKE_METHOD(AddLess)
    FAKE_METHOD(AddLessEqual)
    FAKE_METHOD(AddLog)
    FAKE_METHOD(AddLogicalAnd)
    FAKE_METHOD(AddLogicalNot)
    FAKE_METHOD(AddLogicalOr)
    FAKE_METHOD(AddLogistic)
    FAKE_METHOD(AddLogSoftmax)
    FAKE_METHOD(AddMaxPool2D)
    FAKE_METHOD(AddMaximum)
    FAKE_METHOD(AddMean)
    FAKE_METHOD(AddMinimum)
    FAKE_METHOD(AddMirrorPad)
    FAKE_METHOD(AddMul)
    FAKE_METHOD(AddNeg)
    FAKE_METHOD(AddNotEqual)
    FAKE_METHOD(AddPack)
    FAKE_METHOD(AddPad)
    FAKE_METHOD(AddPadV2)
    FAKE_METHOD(AddPrelu)
    FAKE_METHOD(AddQuantize)
    FAKE_METHOD(AddReadVariable)
    FAKE_METHOD(AddReduceMax)
    FAKE_METHOD(AddRelu)
    FAKE_METHOD(AddRelu6)
    FAKE_METHOD(AddReshape)
    FAKE_METHOD(AddResizeBilinear)
    FAKE_METHOD(AddResizeNearestNeighbor)
    FAKE_METHOD(AddRound)
    FAKE_METHOD(AddRsqrt)
    FAKE_METHOD(AddSelectV2)
    FAKE_METHOD(AddShape)
    FAKE_METHOD(AddSin)
    FAKE_METHOD(AddSlice)
    FAKE_METHOD(AddSoftmax)
    FAKE_METHOD(AddSpaceToBatchNd)
    FAKE_METHOD(AddSpaceToDepth)
    FAKE_METHOD(AddSplit)
    FAKE_METHOD(AddSplitV)
    FAKE_METHOD(AddSqrt)
    FAKE_METHOD(AddSquare)
    FAKE_METHOD(AddSquaredDifference)
    FAKE_METHOD(AddSqueeze)
    FAKE_METHOD(AddStridedSlice)
    FAKE_METHOD(AddSub)
    FAKE_METHOD(AddSum)
    FAKE_METHOD(AddSvdf)
    FAKE_METHOD(AddTanh)
    FAKE_METHOD(AddTranspose)
    FAKE_METHOD(AddTransposeConv)
    FAKE_METHOD(AddUnidirectionalSequenceLSTM)
    FAKE_METHOD(AddUnpack)
    FAKE_METHOD(AddVarHandle)
    FAKE_METHOD(AddWhile)
    FAKE_METHOD(AddZerosLike)
#undef FAKE_METHOD

   private:
    TfLiteStatus Take(const char *name) {
        for (unsigned at = 0; at < count_; ++at) {
            if (taken_[at] == name) {
                return kTfLiteError;
            }
        }
        if (count_ >= tOpCount) {
            return kTfLiteError;
        }
        taken_[count_++] = name;
        return kTfLiteOk;
    }

    const char *taken_[tOpCount] = {};
    unsigned count_ = 0;
};

}  // namespace tflite

#endif
